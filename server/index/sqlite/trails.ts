import type Database from 'better-sqlite3'
import type { Numbers, Placed, Trail } from '../../completeness/numbers.ts'
import { numbersOf } from '../../completeness/places.ts'
import type { StillWanted } from './still-wanted.ts'

/**
 * What there is of some runs. The index of the ids has each event's record beside it, so that no event is looked at itself:
 * a million of them takes a third of a second. Within a count the ids are one stretch of that index, `<run>:0` to `<run>:9…`.
 */
export function readTrails(db: Database.Database, runIds: readonly string[], wanted: StillWanted): Trail[] {
  const started = db.prepare<[string], number>('SELECT started IS NOT NULL FROM runs WHERE id = ?').pluck()
  const numbered = (letters: string) =>
    db
      .prepare<[string, string], Placed>(
        `SELECT CAST(substr(id, ${UUID_CHARACTERS + ':'.length + letters.length + 1}) AS INTEGER), record
         FROM events INDEXED BY events_by_id WHERE id >= ? AND id < ?`
      )
      .raw()
  const [ofRun, ofLetter] = [numbered(''), numbered('s')]

  return runIds.flatMap((runId): Trail | [] => {
    wanted.check()
    const isStarted = started.get(runId)
    if (isStarted === undefined) return []
    const count = (letter: string): Numbers =>
      // ':' comes behind the digits.
      numbersOf((letter === '' ? ofRun : ofLetter).iterate(`${runId}:${letter}0`, `${runId}:${letter}:`))
    return {
      runId,
      isStarted: isStarted === 1,
      counts: { run: count(''), shipper: count('s'), server: count('v') }
    }
  })
}

const UUID_CHARACTERS = 36
