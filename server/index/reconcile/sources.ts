import { type JournalRecord, recordsOf } from '../../journal/record.ts'
import { columnsOf } from '../columns.ts'
import type { ComparedJournal, Recorded } from './comparable.ts'

/** The records first ≤ n < next, a read of the journal at a time. */
export async function* recordsBetween(
  journal: ComparedJournal,
  first: number,
  next: number
): AsyncGenerator<JournalRecord[]> {
  for (let position = first; position < next; ) {
    const batch = await journal.read(position)
    if (batch === undefined) throw new Error(`the journal no longer has record ${position}`)
    const records: JournalRecord[] = []
    for (const record of recordsOf(batch)) if (record.index < next) records.push(record)
    yield records
    position = batch.next
  }
}

/** The record as the index would take it; undefined if it never can, since its bytes are no event. */
export function recordedOf(record: JournalRecord): Recorded | undefined {
  const columns = columnsOf(record)
  return typeof columns === 'string' ? undefined : { record, columns }
}

/** Finds records by number: neighbours take one read together. Undefined for one that the index can never take. */
export type FindRecord = (number: number) => Promise<Recorded | undefined>

export function recordFinder(journal: ComparedJournal): FindRecord {
  let known: JournalRecord[] = []
  return async (number) => {
    const first = known[0]?.index ?? -1
    if (number < first || number >= first + known.length) {
      const batch = await journal.read(number)
      if (batch === undefined) throw new Error(`the journal no longer has record ${number}`)
      known = [...recordsOf(batch)]
    }
    const record = known[number - (known[0]?.index ?? 0)]
    return record && recordedOf(record)
  }
}
