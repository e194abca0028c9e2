import assert from 'node:assert/strict'
import type { Entry } from '../../server/journal/journal.ts'
import type { JournalRecord } from '../../server/journal/record.ts'
import type { Random } from '../support/random.ts'

const TEXT_CHARACTERS_MAX = 300

/** What senders did and were told, and what therefore has to be in the journal. */
export class HistoryModel {
  readonly #eventsMax: number
  /** Each call of `append`; its number is the time that its records bear. */
  readonly #calls: { sender: string; entries: readonly Entry[]; isNew: boolean; isRefused: boolean }[] = []
  readonly #called = new Set<string>()
  /** Id → payload of what was answered as kept. */
  readonly #acknowledged = new Map<string, Entry>()
  /** Ids that were refused since they stand for other bytes: they have to be there. */
  readonly #refused: Entry[] = []
  /** What was drawn, to be sent again. */
  readonly #drawn: Entry[] = []
  readonly #sequences = new Map<string, number>()
  /** The records as they were read before. */
  #seen: string[] = []
  #readable = 0

  constructor(eventsMax: number) {
    this.#eventsMax = eventsMax
  }

  /** A batch: mostly new events, and some that were sent before, with the same bytes or others. */
  draw(sender: string, random: Random): Entry[] {
    return Array.from({ length: 1 + random.integer(this.#eventsMax) }, () => {
      const before = this.#drawn[random.integer(this.#drawn.length * 6)]
      if (before !== undefined) return random.chance(0.8) ? before : entryOf(before.eventId, random)
      const sequence = this.#sequences.get(sender) ?? 0
      this.#sequences.set(sender, sequence + 1)
      const entry = entryOf(
        random.chance(0.9) ? `${sender}:${sequence}` : `odd-${sender}-${sequence}`,
        random
      )
      this.#drawn.push(entry)
      return entry
    })
  }

  call(sender: string, entries: readonly Entry[]): number {
    const isNew = entries.every(({ eventId }) => !this.#called.has(eventId))
    for (const { eventId } of entries) this.#called.add(eventId)
    return this.#calls.push({ sender, entries, isNew, isRefused: false }) - 1
  }

  /** The call was answered that nothing of it was kept. (What it has in common with another call may be.) */
  refuse(call: number): void {
    const refused = this.#calls[call]
    if (refused?.isNew === true) refused.isRefused = true
  }

  /** Returns how many were acknowledged, new ones and duplicates. */
  acknowledge(entries: readonly Entry[], conflicts: readonly number[]): number {
    for (const [position, entry] of entries.entries()) {
      if (conflicts.includes(position)) {
        this.#refused.push(entry)
        continue
      }
      const before = this.#acknowledged.get(entry.eventId) ?? entry
      assert.ok(before.payload.equals(entry.payload), `${entry.eventId} was acknowledged with two contents`)
      this.#acknowledged.set(entry.eventId, entry)
    }
    return entries.length - conflicts.length
  }

  /** Some of what was acknowledged. */
  acknowledged(count: number, random: Random): Entry[] {
    const all = [...this.#acknowledged.values()]
    return all.length === 0
      ? []
      : Array.from({ length: count }, () => all[random.integer(all.length)] ?? all[0]).filter(
          (one) => one !== undefined
        )
  }

  /** Records before this index could be read: followers may have seen them. */
  readable(end: number): void {
    this.#readable = Math.max(this.#readable, end)
  }

  check(records: readonly JournalRecord[]): void {
    const texts = records.map(textOf)
    assert.ok(
      records.length >= this.#readable,
      `${records.length} records, of which ${this.#readable} could be read before`
    )
    assert.deepEqual(texts.slice(0, this.#seen.length), this.#seen, 'what was there has changed')
    const kept = new Map(records.map(({ eventId, payload }) => [eventId, payload]))
    assert.equal(kept.size, records.length, 'an id is there twice')
    for (const { eventId, payload } of this.#acknowledged.values())
      assert.ok(
        kept.get(eventId)?.equals(payload),
        `${eventId} was acknowledged and is ${kept.has(eventId) ? 'another' : 'missing'}`
      )
    for (const { eventId, payload } of this.#refused.splice(0))
      assert.equal(kept.get(eventId)?.equals(payload), false, `${eventId} was refused for no reason`)
    this.#checkOrder(records.slice(this.#seen.length))
    this.#seen = texts
    this.#readable = records.length
  }

  /** New records are of calls in their order, and within a call in the order of its entries; each is as it was sent. */
  #checkOrder(records: readonly JournalRecord[]): void {
    let last = -1
    let position = -1
    for (const { index, receivedAt, sender, eventId, payload } of records) {
      const call = this.#calls[receivedAt]
      assert.ok(call !== undefined && receivedAt >= last, `record ${index} is out of order`)
      assert.equal(sender, call.sender)
      assert.ok(!call.isRefused, `record ${index} is of a call that was refused`)
      const from = receivedAt === last ? position + 1 : 0
      position = call.entries.findIndex(
        (entry, at) => at >= from && entry.eventId === eventId && entry.payload.equals(payload)
      )
      assert.notEqual(position, -1, `record ${index} is not what was sent, or out of order`)
      last = receivedAt
    }
  }
}

function entryOf(eventId: string, random: Random): Entry {
  const text = random.pick(['x', 'PTRC', '\n']).repeat(random.integer(TEXT_CHARACTERS_MAX / 4))
  return { eventId, payload: Buffer.from(JSON.stringify({ eventId, drawn: random.integer(2 ** 31), text })) }
}

function textOf({ index, synced, receivedAt, sender, eventId, salt, payload }: JournalRecord): string {
  return `${index} ${synced} ${receivedAt} ${sender} ${eventId} ${salt.toString('hex')} ${payload.toString()}`
}
