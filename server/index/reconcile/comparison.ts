import type { JournalRecord } from '../../journal/record.ts'
import type { ComparableIndex, ComparedJournal } from './comparable.ts'
import type { Findings } from './findings.ts'

export type Stage = 'events' | 'results' | 'runs'

/** One pass over journal and index. */
export interface Comparison {
  journal: ComparedJournal
  index: ComparableIndex
  findings: Findings
  /** The records first ≤ n < next are compared. */
  first: number
  next: number
  /** Everything that the index claims to have is compared, so that what is beyond it is wrong. */
  isWhole: boolean
  /** The index refused the event of this record for good, and that is known. */
  isDeadLetter(record: JournalRecord): boolean
  onProgress(stage: Stage, done: number, total: number | undefined): void
  /** Where the journal ends by now. */
  currentEnd(): Promise<number>
}

/** True for a record that was written since the cursor was read: the next comparison compares it. */
export async function isAhead(
  { next, journal, currentEnd }: Comparison,
  record: number | undefined
): Promise<boolean> {
  if (record === undefined || record < next) return false
  return record < journal.end || record < (await currentEnd())
}
