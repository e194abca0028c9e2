import type { JournalRecord } from '../../journal/record.ts'
import type { ComparableIndex, ComparedJournal, Expiry } from './comparable.ts'
import type { Findings } from './findings.ts'
import type { FindRecord } from './sources.ts'

export type Stage = 'events' | 'results' | 'runs'

/** One pass over journal and index. */
export interface Comparison {
  journal: ComparedJournal
  index: ComparableIndex
  findings: Findings
  findRecord: FindRecord
  /** The records first ≤ n < next are compared. */
  first: number
  next: number
  /** Everything that the index claims to have is compared, so that what is beyond it is wrong. */
  isWhole: boolean
  expiry: Expiry
  /** The index refused the event of this record for good, and that is known. */
  isDeadLetter(record: JournalRecord): boolean
  onProgress(stage: Stage, done: number, total: number | undefined): void
  /** True if the journal has this record by now. */
  hasRecord(record: number): Promise<boolean>
}

/** True for a record that was written since the cursor was read: the next comparison compares it. */
export async function isAhead({ next, hasRecord }: Comparison, record: number | undefined): Promise<boolean> {
  return record !== undefined && record >= next && (await hasRecord(record))
}
