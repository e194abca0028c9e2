import type { RunState } from '../run-state.ts'
import type { RunTimes } from './run-times.ts'

/** A row of `runs`. An event's place is its record's number. */
export interface RunRow extends RunState<number>, RunTimes {
  key: number
}

/** Makes an empty row under the id that is its value. */
export const NEW_RUN = `INSERT INTO runs
  (id, status, events, silences, last_received, heard, heard_until, ok, changed, failed, skipped, unreachable)
  VALUES (?, 'running', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)`
