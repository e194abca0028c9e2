import type Database from 'better-sqlite3'
import { Problem } from '../../errors.ts'

/** Whether a question under way is still to be answered. SQLite has no way to break off a statement from outside. */
export interface StillWanted {
  /** A question begins, `waitedMs` after it was asked. `left` is no longer 0 when nobody wants the answer any more. */
  begin(left: Int32Array | undefined, waitedMs?: number): void
  /** Throws if nobody wants the answer any more, or if it has taken too long. */
  check(): void
}

/**
 * A condition that is always true, or breaks off the statement; to stand first. It looks only at some of the events,
 * and a prime number of them, so that no pattern in their order passes it by.
 */
export const STILL_WANTED = '(e.record % 1021 <> 0 OR still_wanted())'
/** Of events whose texts are looked into. */
export const STILL_WANTED_OFTEN = '(e.record % 31 <> 0 OR still_wanted())'

/**
 * The same of rows of a roll-up, by columns that are whole numbers; several of them, since one alone may be the same
 * in all rows.
 */
export function stillWantedBy(...columns: string[]): string {
  return `((${columns.join(' + ')}) % 61 <> 0 OR still_wanted())`
}

/** Adds the function `still_wanted` to a connection. */
export function createStillWanted(db: Database.Database, questionMsMax: number): StillWanted {
  let left: Int32Array | undefined
  let endMs = Number.POSITIVE_INFINITY

  function check(): void {
    if (left !== undefined && Atomics.load(left, 0) !== 0) throw new Error('nobody waits for the answer')
    if (performance.now() > endMs) throw tookTooLong(questionMsMax)
  }

  db.function('still_wanted', { deterministic: false }, () => {
    check()
    return 1
  })
  return {
    begin(of, waitedMs = 0) {
      left = of
      endMs = performance.now() + questionMsMax - waitedMs
    },
    check
  }
}

export function tookTooLong(questionMsMax: number): Problem {
  const detail = `It took longer than ${questionMsMax / 1000} s. Ask for a shorter time (from, to), or for a run, a host or a status; words of four letters and more that must be there are found fastest.`
  return new Problem('query_timeout', detail)
}
