import { SERVER_SENDER } from '../access.ts'
import type { DeadLetters } from '../index/dead-letters.ts'
import type { Follower } from '../index/follower.ts'
import type { KeptSince, Store } from '../index/store.ts'
import type { Journal } from '../journal/journal.ts'
import { limits } from '../limits.ts'
import { examineRuns } from './examine-runs.ts'
import type { Flaw } from './flaws.ts'
import { type Backlog, lagOf, untilIndexed } from './indexed.ts'
import { lettersInTheWay } from './letters.ts'
import type { Period } from './period.ts'
import { type QuarantineContent, readQuarantine } from './quarantined.ts'
import { type RemarksOfRuns, readRemarks } from './remarks.ts'
import { type Findings, openReport, type Report } from './report.ts'
import { darkTime } from './was-up.ts'

/** What a question for completeness looks at. */
export interface Examined {
  store: Store
  follower: Pick<Follower, 'idle' | 'lag' | 'lagSeconds'>
  deadLetters: Pick<DeadLetters, 'list'>
  journal: Pick<Journal, 'find'>
  /** The folder of the quarantine. */
  quarantine: string
  /** The identity of this server's journal. */
  log: string
  /** How long nothing may be heard of a run that goes on; 0 if that does not matter. */
  silentAfterMs: number
  now(): number
}

/** What was found, and how far the index was. */
export interface Examination extends Findings {
  index: { lag: number | null; dead_letters: number }
}

/** Examines the runs that started in a period, each as a whole: also what came of it later. */
export async function examine(of: Examined, period: Period, signal: AbortSignal): Promise<Examination> {
  const { store, follower, log } = of
  const clock = { nowMs: of.now(), silentAfterMs: of.silentAfterMs }
  const backlog = await untilIndexed(of, signal)
  const report = openReport(clock)
  const letters = await lettersInTheWay(of, period, signal)
  const quarantine = await readQuarantine(of.quarantine, period)
  const remarks = await readRemarks({ store, log, quarantine }, period, signal)
  const { runIds, backlog: later } = await examineRuns(of, { period, clock, report, remarks }, signal)
  for (const flaw of remarks.conflictsBeside(runIds)) report.addFlaw(flaw)
  for (const { sender, code, lines, first, last, message } of quarantine.refused)
    report.addFlaw({ kind: 'quarantined', sender, code, events: lines, since: first, until: last, message })
  sayWhatIsNotIndexed(backlog ?? later, period, letters, report)
  sayWhatIsNotKept(period, await store.keptSinceMs(signal), quarantine, remarks, report)
  if (report.isEmpty())
    sayWhenItWasDark(await darkTime({ store, log, nowMs: of.now() }, period, signal), report)
  const findings = report.findings()
  await nameSenders(store, findings.flaws, signal)
  return { ...findings, index: { lag: follower.lag ?? null, dead_letters: letters } }
}

function sayWhatIsNotIndexed(
  backlog: Backlog | undefined,
  period: Period,
  letters: number,
  report: Report
): void {
  const lag = backlog && lagOf(backlog, period, report.hasFlaws())
  if (lag !== undefined) report.addUnchecked('index_lag', lag)
  if (letters > 0)
    report.addUnchecked(
      'dead_letters',
      `The index refused ${letters} of the events of this time, which the journal keeps: playtrail dead-letters list says why, playtrail dead-letters retry tries again.`
    )
}

function sayWhatIsNotKept(
  { fromMs }: Period,
  indexSinceMs: KeptSince,
  { keptSinceMs, unreadable }: QuarantineContent,
  remarks: RemarksOfRuns,
  report: Report
): void {
  if (indexSinceMs === 'unknown')
    report.addUnchecked(
      'index_retention_unknown',
      'Elasticsearch does not tell how long the index keeps events: its key needs view_index_metadata on it (docs/deployment.md).'
    )
  else if (indexSinceMs !== undefined && fromMs <= indexSinceMs)
    report.addUnchecked(
      'index_expired',
      `The index does not keep everything that is older than ${timeText(indexSinceMs)}. Ask from then on; the journal has it all (playtrail reindex).`
    )
  if (keptSinceMs !== undefined && fromMs <= keptSinceMs)
    report.addUnchecked(
      'quarantine_expired',
      `What was refused before ${timeText(keptSinceMs)} is no longer in the quarantine, whose size is limited.`
    )
  if (unreadable > 0)
    report.addUnchecked(
      'quarantine_unreadable',
      `${unreadable} lines of the quarantine, of this time or later, cannot be read: torn by a crash, or damaged. What they say was refused is not known.`
    )
  if (remarks.notTold > 0)
    report.addUnchecked(
      'conflicts_not_told',
      `${remarks.notTold} times an event id was used again, and the ids are in the quarantine of another server, or no longer there.`
    )
  if (remarks.isCut)
    report.addUnchecked(
      'too_many_remarks',
      `There are more than ${limits.completenessRemarksMax} events about conflicts or dropped events. Ask for a shorter time.`
    )
}

function sayWhenItWasDark(dark: Period | undefined, report: Report): void {
  if (dark === undefined) return
  report.addUnchecked(
    'nothing_recorded',
    `No run is recorded of this time, and nothing tells that the service was up from ${timeText(dark.fromMs)} to ${timeText(dark.toMs)}: an empty list proves nothing.`
  )
}

/** Whose silence it is: the token that the newest event of the run was sent with. */
async function nameSenders(store: Store, flaws: readonly Flaw[], signal: AbortSignal): Promise<void> {
  const silent = flaws.filter(({ kind }) => kind === 'silent').slice(0, limits.completenessSendersMax)
  for (const flaw of silent) {
    const { items } = await store.events({ runId: flaw.run?.id, order: 'desc', limit: 3 }, signal)
    const sender = items.find(({ playtrail }) => playtrail.sender !== SERVER_SENDER)?.playtrail.sender
    if (sender !== undefined) flaw.sender = sender
  }
}

function timeText(ms: number): string {
  return new Date(ms).toISOString()
}
