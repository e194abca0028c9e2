import PQueue from 'p-queue'
import type { JournalReader } from '../journal/reader.ts'
import type { JournalBatch } from '../journal/record.ts'
import { limits } from '../limits.ts'
import { type DeadLetter, type DeadLetters, portionsOf } from './dead-letters.ts'
import { openLetterReader } from './letter-reader.ts'
import type { Refused, Store } from './store.ts'

export interface RetryLettersOptions {
  letters: DeadLetters
  journal: Pick<JournalReader, 'read' | 'end'>
  store: Pick<Store, 'write'>
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
  const reader = openLetterReader(options.journal)
  // More than the store's reads of the journal: each is a single event, and they share its requests.
  const writes = new PQueue({ concurrency: limits.deadLettersInFlightMax })
  const failures: unknown[] = []
  try {
    for (const letter of lettersOf(options)) {
      await writes.onSizeLessThan(1)
      if (failures.length > 0) break
      const batch = await reader.read(letter)
      // Never rejects.
      void writes.add(async () => {
        try {
          await retryLetter(letter, batch, options)
        } catch (error) {
          failures.push(error)
        }
      })
    }
  } finally {
    await writes.onIdle()
  }
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
  // A server may note more of them than the journal had when it was opened here.
  for (const portion of portionsOf(letters)) yield* portion.filter(({ record }) => record < journal.end)
}

async function retryLetter(
  letter: DeadLetter,
  batch: JournalBatch,
  { letters, store, storeName, waitMsMax = limits.deadLettersRetryMsMax, now, onOutcome }: RetryLettersOptions
): Promise<void> {
  // A store that cannot be reached tries again for ever.
  const [refused] = await store.write(batch, AbortSignal.timeout(waitMsMax))
  if (refused === undefined) letters.remove(letter.record)
  else letters.add([refused], storeName, now())
  await onOutcome(letter, refused)
}
