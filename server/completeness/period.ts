/** From `fromMs` up to, but not including, `toMs`, in milliseconds since 1970. */
export interface Period {
  fromMs: number
  toMs: number
}

/** Whether a time as RFC 3339 lies within. */
export function isWithin(time: string, { fromMs, toMs }: Period): boolean {
  const ms = Date.parse(time)
  return ms >= fromMs && ms < toMs
}
