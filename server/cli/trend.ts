import type { Cell } from './table.ts'

/** Weeks before the latest one that it is compared with. */
const WEEKS_BEFORE_MAX = 8
/** Less than this is no change, since percentiles are true to 3 %. */
const CHANGE_MIN = 0.1

interface Week {
  duration?: { p95: number } | undefined
}

/** How the p95 of durations changed. */
export interface Trend {
  /** Of the latest week by those before: 2 is twice as slow. */
  ratio: number
  /** Nanoseconds that it takes longer. */
  lost: number
}

/** For `--help` of what shows a trend. */
export const trendHelp = `
TREND is the p95 of the latest week that has any, by the median of the p95 of up to ${WEEKS_BEFORE_MAX} weeks before:
  ↗ 2.0× is twice as slow, ↘ 0.5× twice as fast, → within ${CHANGE_MIN * 100} %. Weeks begin on Monday, in UTC.`

/** Undefined unless two weeks at least have durations. Weeks stand oldest first. */
export function trendOf(weeks: readonly Week[]): Trend | undefined {
  const p95s = weeks.flatMap(({ duration }) => duration?.p95 ?? [])
  const latest = p95s.at(-1)
  const before = median(p95s.slice(-1 - WEEKS_BEFORE_MAX, -1))
  if (latest === undefined || before === undefined || before === 0) return undefined
  return { ratio: latest / before, lost: latest - before }
}

/** For example `↗ 1.8×`. */
export function trendCell(trend: Trend | undefined): Cell {
  if (trend === undefined) return ''
  const { ratio } = trend
  const text = ratio < 10 ? ratio.toFixed(1) : String(Math.round(ratio))
  if (ratio > 1 + CHANGE_MIN) return [{ text: `↗ ${text}×`, format: 'red' }]
  if (ratio < 1 - CHANGE_MIN) return [{ text: `↘ ${text}×`, format: 'green' }]
  return [{ text: `→ ${text}×`, format: 'dim' }]
}

/** The lower one of two in the middle. */
function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]
}
