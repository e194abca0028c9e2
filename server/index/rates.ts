import type { ResultStatus, RunStatus } from './store.ts'
import type { PlaybookSummary, TaskSummary } from './summaries.ts'

// Rates of summaries, the same on each store. One is absent where nothing was counted that it could be a part of.

/** Of the runs that have ended. */
export function runRates(runs: Record<RunStatus, number>): Pick<PlaybookSummary, 'failure_rate'> {
  const failures = failuresOf(runs)
  const ended = failures + runs.success + runs.changed
  return ended === 0 ? {} : { failure_rate: failures / ended }
}

export function failuresOf({ failed, unreachable, aborted }: Record<RunStatus, number>): number {
  return failed + unreachable + aborted
}

type TaskRates = Pick<TaskSummary, 'failure_rate' | 'change_rate' | 'flake_rate'>

/** Of the results that were not skipped. */
export function taskRates(results: Record<ResultStatus, number>, flaky: number): TaskRates {
  const failed = results.failed + results.unreachable
  const tried = results.ok + results.changed + failed
  if (tried === 0) return {}
  return {
    failure_rate: failed / tried,
    change_rate: results.changed / tried,
    flake_rate: flaky / tried
  }
}
