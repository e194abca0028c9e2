import { QueryMistake } from './mistake.ts'

/** A field that is measured in nanoseconds, and takes units. */
const DURATION = 'event.duration'
const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
  d: 86_400e9
}

/** The whole number that `text` is; of `event.duration` also `5s` or `1.5m`. Throws QueryMistake if it is none. */
export function parseAmount(text: string, field: string): number {
  const [, digits = '', unit = ''] = /^(-?\d+(?:\.\d+)?)([a-zµ]*)$/.exec(text) ?? []
  const factor = unit === '' ? 1 : field === DURATION ? NANOSECONDS[unit] : undefined
  const value = Number(digits) * (factor ?? Number.NaN)
  // 0.1 s are 100000000.00000001 ns to a computer.
  const whole = unit === '' ? value : Math.round(value)
  if (digits !== '' && Number.isSafeInteger(whole)) return whole === 0 ? 0 : whole
  const expected =
    field === DURATION ? 'a duration such as 5s, 1.5m or 200ms, or nanoseconds' : 'a whole number'
  throw new QueryMistake(`${field}: expected ${expected}; got "${text}".`)
}
