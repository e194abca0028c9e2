// A moment as a request names it: RFC 3339 with any offset, a day (in UTC), or Elasticsearch's date math on
// one of these or on `now`:
//
//   2026-11-05T09:30:00.123456Z   2026-11-05   now   now-7d   now/d   2026-11-05||+1M/w
//
// `/d` goes back to the beginning of the day. A sum has the months' own lengths: a month after January 31 is
// the last day of February. All in UTC.

const units = {
  y: 'year',
  M: 'month',
  w: 'week',
  d: 'day',
  h: 'hour',
  H: 'hour',
  m: 'minute',
  s: 'second'
} as const
type Unit = (typeof units)[keyof typeof units]

const DAY_MS = 86_400_000
/** Dates end 100 million days from 1970. */
const DATE_MS_MAX = 100_000_000 * DAY_MS
const lengthsMs = { week: 7 * DAY_MS, day: DAY_MS, hour: 3_600_000, minute: 60_000, second: 1_000 } as const
/** A Monday, to count weeks from. */
const MONDAY_MS = Date.UTC(1970, 0, 5)

const MOMENT = /^(?<anchor>now|.*?\|\||[^|]*$)(?<math>(?:[+-]\d*[yMwdhHms]|\/[yMwdhHms])*)$/s
const STEP = /(?<sign>[+\-/])(?<amount>\d*)(?<unit>[yMwdhHms])/g
const DATE_TIME =
  /^(?<day>\d{4}-\d\d-\d\d)(?:T(?<time>(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(?<fraction>\d{1,9}))?(?<offset>Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/

/** Milliseconds since 1970, with a fraction for the microseconds; undefined if `text` names no moment. */
export function parseTime(text: string, nowMs: number): number | undefined {
  return parseEnd(text, nowMs, 'first')
}

/**
 * The first and the last microsecond, counted from 1970, of what `text` names: a day has all of its microseconds,
 * and so have a time without a fraction its second and `now/M` its month, as where Elasticsearch rounds. Undefined
 * if `text` names none.
 */
export function parseSpan(text: string, nowMs: number): { first: number; last: number } | undefined {
  const first = parseEnd(text, nowMs, 'first')
  const last = parseEnd(text, nowMs, 'last')
  if (first === undefined || last === undefined) return undefined
  return { first: Math.round(first * 1000), last: Math.round(last * 1000) }
}

function parseEnd(text: string, nowMs: number, end: 'first' | 'last'): number | undefined {
  const { anchor, math } = MOMENT.exec(text)?.groups ?? {}
  if (anchor === undefined || math === undefined) return undefined
  let ms = anchor === 'now' ? nowMs : parseDateTime(anchor.replace('||', ''), end)
  for (const { groups } of math.matchAll(STEP)) {
    if (ms === undefined) return undefined
    const unit = units[groups?.unit as keyof typeof units]
    if (groups?.sign !== '/') ms = sum(ms, Number(`${groups?.sign}${groups?.amount || 1}`), unit)
    else ms = end === 'first' ? beginning(ms, unit) : ending(ms, unit)
  }
  return ms !== undefined && Math.abs(ms) <= DATE_MS_MAX ? ms : undefined
}

function parseDateTime(text: string, end: 'first' | 'last'): number | undefined {
  const { day, time, fraction, offset = 'Z' } = DATE_TIME.exec(text)?.groups ?? {}
  if (day === undefined) return undefined
  const [timeLeftOut, fractionLeftOut] = end === 'first' ? ['00:00:00', '0'] : ['23:59:59', '999999']
  // Date.parse takes February 30 for March 2.
  const midnight = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return undefined
  const microseconds = (fraction ?? fractionLeftOut).padEnd(6, '0').slice(0, 6)
  return Date.parse(`${day}T${time ?? timeLeftOut}${offset}`) + Number(microseconds) / 1000
}

function sum(ms: number, amount: number, unit: Unit): number {
  if (unit !== 'year' && unit !== 'month') return ms + amount * lengthsMs[unit]
  const date = new Date(ms)
  const months = date.getUTCFullYear() * 12 + date.getUTCMonth() + (unit === 'year' ? 12 * amount : amount)
  const monthMs = firstOfMonth(months)
  const days = Math.round((firstOfMonth(months + 1) - monthMs) / DAY_MS)
  const sinceMonth = ms - firstOfMonth(date.getUTCFullYear() * 12 + date.getUTCMonth())
  const dayOfMonth = Math.floor(sinceMonth / DAY_MS)
  return monthMs + sinceMonth - Math.max(0, dayOfMonth - (days - 1)) * DAY_MS
}

function beginning(ms: number, unit: Unit): number {
  const date = new Date(ms)
  if (unit === 'year') return firstOfMonth(date.getUTCFullYear() * 12)
  if (unit === 'month') return firstOfMonth(date.getUTCFullYear() * 12 + date.getUTCMonth())
  const start = unit === 'week' ? MONDAY_MS : 0
  return start + Math.floor((ms - start) / lengthsMs[unit]) * lengthsMs[unit]
}

/** The last microsecond. */
function ending(ms: number, unit: Unit): number {
  return sum(beginning(ms, unit), 1, unit) - 0.001
}

/** Of months counted from the year 0. Date.UTC would take the years 0 to 99 for 1900 to 1999. */
function firstOfMonth(months: number): number {
  return new Date(0).setUTCFullYear(Math.floor(months / 12), ((months % 12) + 12) % 12, 1)
}
