import type Database from 'better-sqlite3'
import { parsed } from '../documents.ts'
import { type Outline, outlineActions } from '../outline.ts'
import { openOutlineFold } from '../outline-fold.ts'
import { IN_KEY_LIST, keyList, nameKeys } from './selection.ts'

/** Puts a run together where its events lie, so that only the outline goes to another thread; undefined if it is too large. */
export function readOutline(db: Database.Database, runId: string): Outline | undefined {
  const fold = openOutlineFold()
  const actions = outlineActions.flatMap((action) => nameKeys(db, action))
  const events = db
    .prepare<[string, string], Buffer>(
      `SELECT e.payload FROM events e INDEXED BY events_by_run
       WHERE e.run = (SELECT key FROM runs WHERE id = ?) AND e.action ${IN_KEY_LIST}`
    )
    .pluck()
  for (const payload of events.iterate(runId, keyList(actions))) {
    fold.add(parsed(payload))
    if (fold.isTooLarge) return undefined
  }
  return fold.outline()
}
