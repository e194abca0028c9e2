import type { ResultStatus, RunStatus } from '../index/store.ts'
import { statusFormat } from './style.ts'
import type { Cell, Span } from './table.ts'
import { durationText, localIso, relativeTime, shortDuration, shortTime } from './time.ts'
import type { Who } from './words.ts'

const resultOrder: readonly ResultStatus[] = ['ok', 'changed', 'failed', 'unreachable', 'skipped']
const MOMENT_CHARACTERS = '2026-11-05T10:30:01'.length
const failedRuns: readonly RunStatus[] = ['failed', 'unreachable', 'aborted']

/** For example `ok 12 · changed 3 · failed 1`. */
export function resultsCell(results: Readonly<Record<ResultStatus, number>>): Cell {
  return countsCell(resultOrder, results)
}

/** The counts that are not 0, in this order. */
export function countsCell<Status extends ResultStatus | RunStatus>(
  order: readonly Status[],
  counts: Readonly<Record<Status, number>>
): Cell {
  return order
    .filter((status) => counts[status] > 0)
    .flatMap((status, index) => [
      { text: index === 0 ? '' : ' · ' },
      { text: `${status} ${counts[status]}`, format: statusFormat(status) }
    ])
}

export function statusSpan(status: string): Span {
  return { text: status, format: statusFormat(status) }
}

/** When it was, as people say it. */
export function timeSpan(timestamp: string, now: Date): Span {
  const time = new Date(timestamp)
  return { text: relativeTime(time, now), short: shortTime(time, now) }
}

/** The moment itself, in local time; where there is no room, to the second and without its zone. */
export function momentCell(timestamp: string): Cell {
  const text = localIso(new Date(timestamp))
  return [{ text, short: text.slice(0, MOMENT_CHARACTERS) }]
}

/** Nanoseconds as people say them; nothing where they are not known. */
export function durationCell(nanoseconds: number | undefined, more = ''): Cell {
  if (nanoseconds === undefined) return ''
  const text = durationText(nanoseconds)
  return [{ text: text + more, short: shortDuration(text) + more }]
}

/** Who did it and where, for example `alice@control-1`; where there is no room, who. */
export function actorCell({ user, observer }: Who): Cell {
  const where = observer?.hostname === undefined ? '' : `@${observer.hostname}`
  return [{ text: user?.name ?? '' }, { text: where, short: '' }]
}

/** For example `yesterday 14:02 alice`; nothing if it never was. */
export function seenCell(
  seen: { '@timestamp': string; user?: { name: string } } | undefined,
  now: Date
): Cell {
  if (seen === undefined) return ''
  return [
    timeSpan(seen['@timestamp'], now),
    { text: seen.user === undefined ? '' : ` ${seen.user.name}`, format: 'dim' }
  ]
}

/** How many runs failed, and their share of those that ended: `3 (12 %)`. */
export function failedRunsCell(runs: Readonly<Record<RunStatus, number>>, rate: number | undefined): Cell {
  const failed = failedRuns.reduce((sum, status) => sum + runs[status], 0)
  const text = rate === undefined ? String(failed) : `${failed} (${percentText(rate)})`
  return [{ text, format: failed > 0 ? 'red' : undefined }]
}

export function rateCell(rate: number | undefined, format: Span['format']): Cell {
  if (rate === undefined) return ''
  return [{ text: percentText(rate), format: rate > 0 ? format : undefined }]
}

/** Whole percent, but never 0 % of what happened, nor 100 % of what did not always. */
export function percentText(rate: number): string {
  if (rate > 0 && rate < 0.01) return '< 1 %'
  if (rate > 0.99 && rate < 1) return '> 99 %'
  return `${Math.round(rate * 100)} %`
}

export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
