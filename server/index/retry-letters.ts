import PQueue from 'p-queue'
import { Fatal } from '../errors.ts'
import type { JournalReader } from '../journal/reader.ts'
import { type JournalBatch, recordLength, recordsOf } from '../journal/record.ts'
import { limits } from '../limits.ts'
import type { DeadLetter, DeadLetters } from './dead-letters.ts'
import type { Refused, Store } from './store.ts'

export interface RetryLettersOptions {
  letters: DeadLetters
  journal: Pick<JournalReader, 'read' | 'end'>
  store: Pick<Store, 'write' | 'writesAtOnce'>
  /** What the store is called in a letter. */
  storeName: string
  /** Only these records; all if absent. */
  records?: readonly number[] | undefined
  /** How long to wait for the answer to one event. */
  waitMsMax?: number
  now(): Date
  /** Told of each letter: taken by the index, or refused again and why. */
  onOutcome(letter: DeadLetter, refused: Refused | undefined): Promise<void>
}

/**
 * Sends the events of dead letters to the index again. A letter goes when the index has its event, not before:
 * wherever this ends, the next time goes on, and sending an event twice changes nothing. Rejects with the first
 * failure that is none of an event's own, when what was under way has ended.
 */
export async function retryLetters(options: RetryLettersOptions): Promise<void> {
  const writes = new PQueue({ concurrency: options.store.writesAtOnce })
  const failures: unknown[] = []
  for (const letter of lettersOf(options)) {
    await writes.onSizeLessThan(1)
    if (failures.length > 0) break
    // Never rejects.
    void writes.add(async () => {
      try {
        await retryLetter(letter, options)
      } catch (error) {
        failures.push(error)
      }
    })
  }
  await writes.onIdle()
  if (failures.length > 0) throw failures[0]
}

/** In portions, so that its memory does not grow with their number. */
function* lettersOf({
  letters,
  journal,
  records
}: RetryLettersOptions): Generator<DeadLetter, void, undefined> {
  if (records !== undefined) {
    for (const record of records) {
      const letter = letters.get(record)
      if (letter !== undefined) yield letter
    }
    return
  }
  let after = -1
  for (;;) {
    const portion = letters.list(after, limits.deadLettersAtOnceMax)
    const last = portion.at(-1)
    if (last === undefined) return
    // A server may note more of them than the journal had when it was opened here.
    yield* portion.filter(({ record }) => record < journal.end)
    after = last.record
  }
}

async function retryLetter(letter: DeadLetter, options: RetryLettersOptions): Promise<void> {
  const { letters, store, storeName, journal, now, onOutcome } = options
  const { waitMsMax = limits.deadLettersRetryMsMax } = options
  const batch = await readLetter(letter, journal)
  // A store that cannot be reached tries again for ever.
  const [refused] = await store.write(batch, AbortSignal.timeout(waitMsMax))
  if (refused === undefined) letters.remove(letter.record)
  else letters.add([refused], storeName, now())
  await onOutcome(letter, refused)
}

/** A batch of the letter's record alone. Throws Fatal if the journal has another event there, or none. */
export async function readLetter(
  { record, event_id }: Pick<DeadLetter, 'record' | 'event_id'>,
  journal: RetryLettersOptions['journal']
): Promise<JournalBatch> {
  const batch = await journal.read(record)
  if (batch === undefined) throw foreign(record, event_id, `the journal ends before record ${journal.end}`)
  const { buffer, byteOffset, byteLength } = batch.bytes
  const length = recordLength(Buffer.from(buffer, byteOffset, byteLength), 0) ?? byteLength
  // A copy: the store may move the memory to another thread.
  const alone = { ...batch, next: record + 1, bytes: batch.bytes.slice(0, length) }
  for (const { eventId } of recordsOf(alone)) {
    if (eventId !== event_id) throw foreign(record, event_id, `the journal has ${eventId} there`)
  }
  return alone
}

function foreign(record: number, eventId: string, found: string): Fatal {
  return new Fatal(
    `dead letter ${record}: expected event ${eventId} in the journal; ${found}. ` +
      'If an older copy of the journal was restored, move dead-letters.sqlite of the data folder away.'
  )
}
