import type Database from 'better-sqlite3'
import type { Query } from '../../ask/query/ast.ts'
import { parseEvent } from '../columns.ts'
import { createEventWords, requiredWords } from './text-words.ts'

/** Events whose words are added at once; meanwhile whoever asks to write waits. */
const EVENTS_AT_ONCE = 200
/** Events with the words: up to so many are looked at one by one, the newest first. */
const RARE_MAX = 2_000
/** Up to so many it is worth knowing which they are; beyond, the next one is never far. */
const COUNTED_MAX = 50_000

/** The writing side of the full-text index. */
export interface Texts {
  /**
   * Adds the words of some events that have none yet, in the order of the journal. True if there are more. For
   * times when nothing else is to be written: words are not needed to find an event, only to find it fast.
   */
  addSome(): boolean
  /** Adds the words of an event that was put in behind the others. Within the transaction that did. */
  addLate(record: number, payload: Buffer): void
}

export function openTexts(db: Database.Database): Texts {
  const wordsOfEvent = createEventWords()
  const bounds = db.prepare<[], { cursor: number; texted: number }>('SELECT cursor, texted FROM meta')
  const next = db.prepare<[number, number, number], { record: number; payload: Buffer }>(
    'SELECT record, payload FROM events WHERE record >= ? AND record < ? ORDER BY record LIMIT ?'
  )
  const insert = db.prepare<[number, string]>('INSERT INTO texts (rowid, words) VALUES (?, ?)')
  const moveTexted = db.prepare<[number]>('UPDATE meta SET texted = ?')

  function add(record: number, payload: Buffer): void {
    const event = parseEvent(payload)
    if (event !== undefined) insert.run(record, wordsOfEvent(event))
  }

  const addAll = db.transaction((): boolean => {
    const { cursor, texted } = bounds.get() ?? { cursor: 0, texted: 0 }
    if (texted >= cursor) return false
    // Behind the cursor events are missing that are still on their way.
    const events = next.all(texted, cursor, EVENTS_AT_ONCE)
    for (const { record, payload } of events) add(record, payload)
    const last = events.length < EVENTS_AT_ONCE ? undefined : events.at(-1)?.record
    moveTexted.run(last === undefined ? cursor : last + 1)
    return last !== undefined
  })

  return {
    addSome: () => addAll.immediate(),
    addLate(record, payload) {
      if (record < (bounds.get()?.texted ?? 0)) add(record, payload)
    }
  }
}

/** Events that may match a query by their words, and those whose words are not known yet. */
export type Candidates =
  /** A common table expression `candidates (record)` with its values: few, to be looked at one by one. */
  | { are: 'few'; table: string; values: [words: string, texted: number] }
  /** A condition on `e.record`, with its values: many, to be passed over quickly. */
  | { are: 'many'; condition: string; values: [texted: number, words: string] }

/** Undefined if the words of the query say nothing, or too many events have them. */
export function textCandidates(db: Database.Database, query: Query | undefined): Candidates | undefined {
  const words = query && requiredWords(query)
  if (words === undefined) return undefined
  const texted = db.prepare<[], number>('SELECT texted FROM meta').pluck().get() ?? 0
  const count = db
    .prepare<[string, number], number>(
      'SELECT count(*) FROM (SELECT 1 FROM texts WHERE texts MATCH ? LIMIT ?)'
    )
    .pluck()
    .get(words, COUNTED_MAX + 1)
  if (count === undefined || count > COUNTED_MAX) return undefined
  const found = 'SELECT rowid FROM texts WHERE texts MATCH ?'
  if (count > RARE_MAX)
    return { are: 'many', condition: `(e.record >= ? OR e.record IN (${found}))`, values: [texted, words] }
  const unknown = 'SELECT record FROM events WHERE record >= ?'
  return {
    are: 'few',
    table: `candidates (record) AS (${found} UNION ALL ${unknown})`,
    values: [words, texted]
  }
}
