import { limits } from '../limits.ts'

/** What is checked. */
export type Part =
  | 'checkpoint'
  | 'tree'
  | 'journal'
  | 'old checkpoint'
  | 'witnessed checkpoint'
  | 'last-signed'
  | 'anchor'
  | 'index'
  | 'proof'

/** Evidence that is bad, and where. */
export interface Finding {
  part: Part
  message: string
  /** The first leaf that it is about. */
  leaf?: number | undefined
  /** A path, or a URL. */
  file?: string | undefined
  /** Where in the file the bad thing begins. */
  byte?: number | undefined
}

/** What was found, in the order in which it was found: the first ones, and how many in all. */
export class Findings {
  readonly first: Finding[] = []
  count = 0
  /** What could not be checked, so that nothing is proved. */
  readonly unchecked: string[] = []

  add(finding: Finding): void {
    this.count += 1
    if (this.first.length < limits.verifyFindingsMax) this.first.push(finding)
  }
}
