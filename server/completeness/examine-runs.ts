import { setTimeout as pause } from 'node:timers/promises'
import { Problem } from '../errors.ts'
import { timeOfRunId } from '../index/run-id.ts'
import type { Run, RunQuery, Store } from '../index/store.ts'
import { limits } from '../limits.ts'
import type { Examined } from './examine.ts'
import { type Clock, flawsOf } from './flaws.ts'
import { type Backlog, untilIndexed } from './indexed.ts'
import type { Trail } from './numbers.ts'
import type { Period } from './period.ts'
import type { RemarksOfRuns } from './remarks.ts'
import type { Report } from './report.ts'

interface Into {
  period: Period
  /** When it was asked. What was received later may be indexed in part. */
  clock: Clock
  report: Report
  remarks: RemarksOfRuns
}

interface Looked {
  runIds: Set<string>
  /** What the index lacked at the second look. */
  backlog: Backlog | undefined
}

/**
 * Looks at all runs of the period, some at a time. What is being indexed just now may look like a gap, so a run with a
 * flaw that was heard of since the question, or a moment before it, is looked at again, when everything is indexed that
 * the journal held then.
 */
export async function examineRuns(of: Examined, into: Into, signal: AbortSignal): Promise<Looked> {
  const { store } = of
  const { clock } = into
  const runIds = new Set<string>()
  const unsettled: string[] = []
  for (let after: RunQuery['after']; ; ) {
    const query = { ...into.period, limit: limits.completenessRunsAtOnce, after }
    const { items: runs, next } = await store.runs(query, signal)
    const looked = await withTrails(store, runs, signal)
    const isKept = await keptRuns(store, signal)
    for (const { run, trail } of looked) {
      runIds.add(run.run.id)
      const remarks = into.remarks.of(run.run.id)
      if (isRecent(run, clock.nowMs) && flawsOf(run, trail, remarks, clock).length > 0)
        unsettled.push(run.run.id)
      else into.report.addRun(run, trail, remarks, isKept(run))
    }
    if (runIds.size > limits.completenessRunsMax) throw tooManyRuns()
    if (next === undefined) break
    after = next
  }
  if (unsettled.length > 0) await pause(limits.completenessSettleMs, undefined, { signal })
  const backlog = unsettled.length > 0 ? await untilIndexed(of, signal) : undefined
  for (const id of unsettled) {
    const { items: runs } = await store.runs({ id, limit: 1 }, signal)
    const looked = await withTrails(store, runs, signal)
    const isKept = await keptRuns(store, signal)
    for (const { run, trail } of looked) into.report.addRun(run, trail, into.remarks.of(id), isKept(run))
  }
  return { runIds, backlog }
}

/**
 * Which runs the index has not begun to remove because of their age. To be asked behind the look at them: what they had
 * when they were looked at was not removed before.
 */
async function keptRuns(
  store: Pick<Store, 'keptSinceMs'>,
  signal: AbortSignal
): Promise<(run: Run) => boolean> {
  const sinceMs = await store.keptSinceMs(signal)
  if (typeof sinceMs !== 'number') return () => true
  return ({ run }) => Date.parse(timeOfRunId(run.id)) > sinceMs
}

async function withTrails(
  store: Pick<Store, 'trails'>,
  runs: readonly Run[],
  signal: AbortSignal
): Promise<{ run: Run; trail: Trail }[]> {
  const trails: Trail[] = []
  for (const some of portionsOf(runs)) {
    const ids = some.map(({ run }) => run.id)
    trails.push(...(await store.trails(ids, signal)))
  }
  const byId = new Map(trails.map((trail) => [trail.runId, trail]))
  return runs.flatMap((run) => {
    const trail = byId.get(run.run.id)
    // A run without one has been removed since, because of its age.
    return trail === undefined ? [] : { run, trail }
  })
}

/** As many runs as have not too many events together: what an index tells of them is held in memory. */
function portionsOf(runs: readonly Run[]): Run[][] {
  const portions: Run[][] = []
  let events = Number.POSITIVE_INFINITY
  for (const run of runs) {
    events += run.playtrail.events
    if (events > limits.completenessEventsAtOnce) {
      portions.push([])
      events = run.playtrail.events
    }
    portions.at(-1)?.push(run)
  }
  return portions
}

function isRecent({ playtrail }: Run, nowMs: number): boolean {
  return Date.parse(playtrail.last_ingested) > nowMs - limits.completenessSettleMs
}

function tooManyRuns(): Problem {
  return new Problem(
    'query_too_costly',
    `More than ${limits.completenessRunsMax} runs started in this time. Ask for a shorter time.`
  )
}
