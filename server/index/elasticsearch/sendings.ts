/**
 * Which records of a journal may have been sent to the data stream already, and which index it wrote to when
 * that was done first: an event that is sent again must be looked for from there on (see findSent).
 *
 * Records are sent in the journal's order, and a stream moves from one index to the next and never back. So
 * one entry for each index is enough, and the entry of the first record that is not done yet is what a server
 * that goes on from there has to know.
 */
export interface Sendings {
  /** The write index when `record` may have been sent first, '' if nobody knows; undefined if it was not sent. */
  sentTo(record: number): string | undefined
  /** Records before `next` are about to be sent; `writeIndex` is the stream's, or an earlier one. */
  sending(next: number, writeIndex: string): void
  /** Everything before `cursor` is done, and need not be known any more. */
  done(cursor: number): void
}

/** Records before `end` may have been sent by somebody else, since the stream wrote to `writeIndex`. */
export function createSendings(end: number, writeIndex: string): Sendings {
  const entries = [{ next: end, writeIndex }]

  return {
    sentTo: (record) => entries.find(({ next }) => record < next)?.writeIndex,
    sending(next, current) {
      const last = entries.at(-1)
      if (last !== undefined && next <= last.next) return
      if (last?.writeIndex === current) last.next = next
      else entries.push({ next, writeIndex: current })
    },
    done(cursor) {
      while (entries[0] !== undefined && entries[0].next <= cursor) entries.shift()
    }
  }
}
