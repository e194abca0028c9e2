import type { Event } from '../../event-types.ts'
import { durationOf, microsecondsOf } from '../columns.ts'

/** What only the events say that started and ended a run, as far as they have arrived. */
export interface RunTimes {
  kind: string | null
  /** 1 for a dry run (`ansible.cli.check`), 0 for another one. */
  checked: number | null
  /** Microseconds since 1970. */
  begin: number | null
  ended: number | null
  /** What its sender measured, in nanoseconds. */
  measured: number | null
}

export function runTimes(started: Partial<Event> | undefined, end: Partial<Event> | undefined): RunTimes {
  return {
    kind: started?.run?.kind ?? end?.run?.kind ?? null,
    checked: started === undefined ? null : Number(started.ansible?.cli?.check === true),
    begin: microsecondsOf(started?.event?.start) ?? microsecondsOf(started?.['@timestamp']) ?? null,
    ended: microsecondsOf(end?.event?.end) ?? microsecondsOf(end?.['@timestamp']) ?? null,
    measured: end === undefined ? null : durationOf(end)
  }
}
