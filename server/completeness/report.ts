import type { Run } from '../index/store.ts'
import { limits } from '../limits.ts'
import { type Clock, type Flaw, type FlawKind, flawKinds, flawsOf, noRemarks, type Remarks } from './flaws.ts'
import { type Count, counts, type Trail } from './numbers.ts'

export const abortReasons = ['interrupted', 'error', 'killed', 'silent'] as const
type AbortReason = (typeof abortReasons)[number]
export const finishedStatuses = ['success', 'changed', 'failed', 'unreachable'] as const
type FinishedStatus = (typeof finishedStatuses)[number]

/** Why nothing can be proved. */
export interface Unchecked {
  reason: UncheckedReason
  message: string
}
export const uncheckedReasons = [
  'index_lag',
  'dead_letters',
  'index_expired',
  'index_retention_unknown',
  'quarantine_expired',
  'quarantine_unreadable',
  'conflicts_not_told',
  'too_many_remarks',
  'nothing_recorded'
] as const
export type UncheckedReason = (typeof uncheckedReasons)[number]
/** The index lacks what the journal has: what looks like a flaw may be none. */
const blinding: ReadonlySet<UncheckedReason> = new Set(['index_lag', 'dead_letters'])

export type Verdict = 'complete' | 'incomplete' | 'unchecked'

/** What was found of a period, as it is answered. */
export interface Findings {
  verdict: Verdict
  complete: boolean
  runs: {
    recorded: number
    running: number
    finished: Record<FinishedStatus, number>
    aborted: Record<AbortReason, number>
  }
  /** Starts of the service in this time. What it says of itself is numbered as the events of a run are. */
  service_runs: number
  /** Events of these runs that are recorded, by the count that they belong to; and those that their senders dropped. */
  events: Record<Count | 'dropped', number>
  flaws: Flaw[]
  flaws_more: number
  flaw_counts: Record<FlawKind, number>
  unchecked: Unchecked[]
}

export interface Report {
  /** Of a run that is not kept some events may have been removed because of their age: it has no flaws. */
  addRun(run: Run, trail: Trail, remarks?: Remarks, isKept?: boolean): void
  addFlaw(flaw: Flaw): void
  addUnchecked(reason: UncheckedReason, message: string): void
  /** No run was added, other than the service's own. */
  isEmpty(): boolean
  hasFlaws(): boolean
  findings(): Findings
}

/** Collects what is found, in bounded memory: of many flaws the first are kept, and all are counted. */
export function openReport(clock: Clock): Report {
  const runs: Findings['runs'] = {
    recorded: 0,
    running: 0,
    finished: zeroOf(finishedStatuses),
    aborted: zeroOf(abortReasons)
  }
  let serviceRuns = 0
  const events = zeroOf([...counts, 'dropped'])
  const flaws: Flaw[] = []
  const flawCounts = zeroOf(flawKinds)
  const unchecked: Unchecked[] = []

  const addFlaw = (flaw: Flaw): void => {
    flawCounts[flaw.kind]++
    if (flaws.length < limits.completenessFlawsMax) flaws.push(flaw)
  }
  const flawCount = (): number => Object.values(flawCounts).reduce((sum, count) => sum + count, 0)
  const count = ({ run }: Run, trail: Trail, { dropped }: Remarks): void => {
    for (const each of counts) events[each] += trail.counts[each].events
    events.dropped += dropped.events
    runs.recorded++
    if (run.status === 'running') runs.running++
    else if (run.status === 'aborted') runs.aborted[run.reason ?? 'error']++
    else runs.finished[run.status]++
  }

  return {
    addFlaw,
    addRun(run, trail, remarks = noRemarks, isKept = true) {
      if (run.run.kind === 'service') serviceRuns++
      else count(run, trail, remarks)
      if (!isKept) return
      for (const flaw of flawsOf(run, trail, remarks, clock)) addFlaw(flaw)
    },
    isEmpty: () => runs.recorded === 0,
    hasFlaws: () => flawCount() > 0,
    addUnchecked: (reason, message) => void unchecked.push({ reason, message }),
    findings() {
      const found = flawCount()
      const verdict = verdictOf(found, unchecked)
      return {
        verdict,
        complete: verdict === 'complete',
        runs,
        service_runs: serviceRuns,
        events,
        flaws,
        flaws_more: found - flaws.length,
        flaw_counts: flawCounts,
        unchecked
      }
    }
  }
}

/** A flaw is a flaw whatever else could not be looked at, unless it may be that the index has not got the events yet. */
function verdictOf(flaws: number, unchecked: readonly Unchecked[]): Verdict {
  if (unchecked.some(({ reason }) => blinding.has(reason))) return 'unchecked'
  if (flaws > 0) return 'incomplete'
  return unchecked.length > 0 ? 'unchecked' : 'complete'
}

function zeroOf<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>
}
