import { Fatal } from '../errors.ts'
import type { JournalReader } from '../journal/reader.ts'
import { type JournalBatch, recordLength, recordsOf } from '../journal/record.ts'
import type { DeadLetter } from './dead-letters.ts'

/** Reads the events of dead letters from the journal; cheaply if the letters come in the order of their records. */
export interface LetterReader {
  /** A batch of the letter's record alone. Rejects with Fatal if the journal has another event there, or none. */
  read(letter: Pick<DeadLetter, 'record' | 'event_id'>): Promise<JournalBatch>
}

export function openLetterReader(journal: Pick<JournalReader, 'read' | 'end'>): LetterReader {
  let batch: JournalBatch | undefined
  /** Record of the batch, and the byte at which it begins. */
  let [index, offset] = [0, 0]

  return {
    async read({ record, event_id }) {
      if (batch === undefined || record < index || record >= batch.next) {
        batch = await journal.read(record)
        if (batch === undefined)
          throw foreign(record, event_id, `the journal ends before record ${journal.end}`)
        index = record
        offset = 0
      }
      const { bytes } = batch
      const lengthAt = (at: number): number =>
        recordLength(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), at) ?? 0
      for (; index < record; index++) offset += lengthAt(offset)
      // A copy, which slice() of a Buffer is not: the store may move the memory to another thread.
      const alone = {
        ...batch,
        first: record,
        next: record + 1,
        bytes: new Uint8Array(bytes.subarray(offset, offset + lengthAt(offset)))
      }
      for (const { eventId } of recordsOf(alone)) {
        if (eventId !== event_id) throw foreign(record, event_id, `the journal has ${eventId} there`)
      }
      return alone
    }
  }
}

function foreign(record: number, eventId: string, found: string): Fatal {
  return new Fatal(
    `dead letter ${record}: expected event ${eventId} in the journal; ${found}. ` +
      'If an older copy of the journal was restored, move dead-letters.sqlite of the data folder away.'
  )
}
