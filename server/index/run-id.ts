import { randomBytes } from 'node:crypto'

/** Milliseconds that fit into the beginning of a UUIDv7. */
const RUN_ID_MS_MAX = 2 ** 48 - 1

/** What the ids of the runs that started at `ms` or later do not come before. */
export function firstRunId(ms: number): string {
  const whole = Math.min(Math.max(Math.ceil(ms), 0), RUN_ID_MS_MAX)
  const digits = whole.toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}`
}

/** When the run started: the first 48 bits of a UUIDv7 are milliseconds since 1970 (RFC 9562, section 5.7). */
export function timeOfRunId(id: string): string {
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toISOString()
}

/** A new UUIDv7 for a run that starts at `ms`. */
export function newRunId(ms: number): string {
  const time = firstRunId(ms)
  const random = randomBytes(10)
  const digits = random.toString('hex')
  const variant = ((random[2] ?? 0) & 0x3f) | 0x80
  return `${time}-7${digits.slice(0, 3)}-${variant.toString(16)}${digits.slice(6, 8)}-${digits.slice(8)}`
}
