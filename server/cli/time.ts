const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const WEEK_DAYS = 7
const NANOSECONDS_PER_MS = 1_000_000

/**
 * When something was, as people say it: `3 minutes ago`, `today 09:12`, `yesterday 14:02`, `Monday 14:02`,
 * `5 Nov 14:02`, `2024-11-05 14:02`. In local time. Never a lie: the future is told by its date.
 */
export function relativeTime(time: Date, now: Date): string {
  const agoMs = now.getTime() - time.getTime()
  if (Number.isNaN(agoMs)) return 'unknown'
  if (agoMs >= 0 && agoMs < MINUTE_MS) return ago(Math.floor(agoMs / SECOND_MS), 'second')
  if (agoMs >= 0 && agoMs < HOUR_MS) return ago(Math.floor(agoMs / MINUTE_MS), 'minute')
  return `${dayName(time, now)} ${clock(time)}`
}

/** The same where there is no room: `3 min ago`, `09:12`, `Wed 14:02`, `5 Nov`, `2024-11-05`. */
export function shortTime(time: Date, now: Date): string {
  const text = relativeTime(time, now)
  const agoMs = now.getTime() - time.getTime()
  if (Number.isNaN(agoMs)) return text
  const days = daysBetween(time, now)
  if (agoMs >= 0 && agoMs < HOUR_MS) return text.replace(/ minutes?/, ' min').replace(/ seconds?/, ' s')
  if (agoMs < 0 || days >= WEEK_DAYS) return text.replace(/ \d\d:\d\d$/, '')
  return days === 0 ? clock(time) : `${time.toLocaleDateString('en-GB', { weekday: 'short' })} ${clock(time)}`
}

/** Nanoseconds as people say them: `250 ms`, `1.5 s`, `2 min 3 s`, `1 h 4 min`, `2 d 3 h`. */
export function durationText(nanoseconds: number): string {
  const ms = nanoseconds / NANOSECONDS_PER_MS
  if (ms > 0 && ms < 1) return '< 1 ms'
  // Rounded before the unit is chosen: 999.6 ms is 1.0 s, and 59.96 s is 1 min.
  if (Math.round(ms) < SECOND_MS) return `${Math.round(ms)} ms`
  const tenths = Math.round(ms / 100)
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`
  const seconds = Math.round(ms / SECOND_MS)
  if (seconds < 3_600) return pair(seconds, 60, 'min', 's')
  const minutes = Math.round(seconds / 60)
  if (minutes < 24 * 60) return pair(minutes, 60, 'h', 'min')
  return pair(Math.round(minutes / 60), 24, 'd', 'h')
}

/** What durationText says, where there is no room: `2m 3s`. */
export function shortDuration(text: string): string {
  return text.replaceAll(/(?<=\d) (min|ms|[smhd])\b/g, (_, unit: string) => (unit === 'min' ? 'm' : unit))
}

/** The time from `start` to `end` as durationText says it. */
export function durationBetween(start: Date, end: Date): string {
  return durationText(nanosecondsBetween(start, end))
}

/** Never less than 0: clocks are set back. */
export function nanosecondsBetween(start: Date, end: Date): number {
  return Math.max(0, end.getTime() - start.getTime()) * NANOSECONDS_PER_MS
}

/** RFC 3339 in local time with its offset, for example `2026-11-05T10:30:01.750+01:00`. */
export function localIso(time: Date): string {
  if (Number.isNaN(time.getTime())) return 'unknown'
  const offset = -time.getTimezoneOffset()
  const sign = offset < 0 ? '-' : '+'
  const zone = `${sign}${two(Math.trunc(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
  const milliseconds = String(time.getMilliseconds()).padStart(3, '0')
  return `${isoDay(time)}T${clock(time)}:${two(time.getSeconds())}.${milliseconds}${zone}`
}

function ago(count: number, unit: string): string {
  if (count === 0) return 'just now'
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`
}

function dayName(time: Date, now: Date): string {
  const days = daysBetween(time, now)
  if (days < 0) return isoDay(time)
  if (days === 0) return time > now ? isoDay(time) : 'today'
  if (days === 1) return 'yesterday'
  if (days < WEEK_DAYS) return time.toLocaleDateString('en-GB', { weekday: 'long' })
  if (time.getFullYear() !== now.getFullYear()) return isoDay(time)
  return time.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
}

/** Midnights between two times. Counted in UTC, whose days all have 24 hours, so that summer time cannot shift it. */
function daysBetween(time: Date, now: Date): number {
  return (dayNumber(now) - dayNumber(time)) / (24 * HOUR_MS)
}

function dayNumber(time: Date): number {
  return Date.UTC(time.getFullYear(), time.getMonth(), time.getDate())
}

function pair(count: number, base: number, large: string, small: string): string {
  const rest = count % base
  return `${Math.trunc(count / base)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`
}

function clock(time: Date): string {
  return `${two(time.getHours())}:${two(time.getMinutes())}`
}

function isoDay(time: Date): string {
  return `${String(time.getFullYear()).padStart(4, '0')}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
