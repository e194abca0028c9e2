import type { RunState } from '../run-state.ts'

/** A row of `runs`. An event's place is its record's number. */
export interface RunRow extends RunState<number> {
  key: number
}
