import type Database from 'better-sqlite3'
import type { Query } from '../../ask/query/ast.ts'
import type { JournalRecord } from '../../journal/record.ts'
import { parseEvent } from '../columns.ts'
import { createEventWords, requiredWords } from './text-words.ts'

/** Bytes of the events whose words are added in one step; meanwhile whoever asks to write waits. */
const STEP_BYTES = 256 * 1024
/** Events to be looked at one by one, the newest first: up to so many. */
const FEW_MAX = 2_000
/** Up to so many it is worth knowing which they are; beyond, the next one is never far. */
const COUNTED_MAX = 50_000

/** The writing side of the full-text index. */
export interface Texts {
  /** Records before this one have their words in it, those that are in the index at all. */
  end(): number
  /**
   * Adds the words of some events behind that, in the order of the journal; true if there are more. For times when
   * nothing else is to be written: words are not needed to find an event, only to find it fast.
   */
  addSome(): boolean
  /** Adds the words of an event before the end, which was put in late. Within the transaction that did. */
  add(record: Pick<JournalRecord, 'index' | 'payload'>): void
}

export function openTexts(db: Database.Database): Texts {
  const wordsOfEvent = createEventWords()
  const bounds = db.prepare<[], { cursor: number; texted: number }>('SELECT cursor, texted FROM meta')
  const behind = db.prepare<[number, number], { index: number; payload: Buffer }>(
    'SELECT record AS "index", payload FROM events WHERE record >= ? AND record < ? ORDER BY record'
  )
  const insert = db.prepare<[number, string]>('INSERT INTO texts (rowid, words) VALUES (?, ?)')
  const moveEnd = db.prepare<[number]>('UPDATE meta SET texted = ?')

  function add({ index, payload }: Pick<JournalRecord, 'index' | 'payload'>): void {
    const event = parseEvent(payload)
    if (event !== undefined) insert.run(index, wordsOfEvent(event))
  }

  const addStep = db.transaction((): boolean => {
    // Behind the cursor events are missing that are still on their way.
    const { cursor, texted } = bounds.get() ?? { cursor: 0, texted: 0 }
    if (texted >= cursor) return false
    const step = stepOf(behind.iterate(texted, cursor))
    for (const event of step.events) add(event)
    moveEnd.run(step.next ?? cursor)
    return step.next !== undefined
  })

  return { end: () => bounds.get()?.texted ?? 0, addSome: () => addStep.immediate(), add }
}

/** The first events, up to STEP_BYTES; `next` is the one behind them, if there is one. */
function stepOf(rows: Iterable<{ index: number; payload: Buffer }>): {
  events: { index: number; payload: Buffer }[]
  next?: number
} {
  const events: { index: number; payload: Buffer }[] = []
  let bytes = 0
  for (const row of rows) {
    if (bytes >= STEP_BYTES) return { events, next: row.index }
    events.push(row)
    bytes += row.payload.length
  }
  return { events }
}

/** Events that may match a query by their words, and those whose words are not known yet. */
export type Candidates =
  /** A common table expression `candidates (record)` with its values: few, to be looked at one by one. */
  | { are: 'few'; table: string; values: [words: string, texted: number] }
  /** A condition on `e.record`, with its values: many, to be passed over quickly. */
  | { are: 'many'; condition: string; values: [texted: number, words: string] }

/**
 * Undefined if the words of the query say nothing, if too many events have them, or as long as the full-text index has
 * not been begun.
 */
export function textCandidates(db: Database.Database, query: Query | undefined): Candidates | undefined {
  const words = query && requiredWords(query)
  if (words === undefined) return undefined
  const texted = db.prepare<[], number>('SELECT texted FROM meta').pluck().get() ?? 0
  if (texted === 0) return undefined
  const found = 'SELECT rowid FROM texts WHERE texts MATCH ?'
  const unknown = 'SELECT record FROM events WHERE record >= ?'
  const count = countUpTo(db, COUNTED_MAX + 1, found, words)
  if (count > COUNTED_MAX) return undefined
  // Right after a burst many events have no words yet: those are passed over along an index.
  const isFew = count <= FEW_MAX && count + countUpTo(db, FEW_MAX + 1, unknown, texted) <= FEW_MAX
  if (!isFew)
    return { are: 'many', condition: `(e.record >= ? OR e.record IN (${found}))`, values: [texted, words] }
  return {
    are: 'few',
    table: `candidates (record) AS (${found} UNION ALL ${unknown})`,
    values: [words, texted]
  }
}

/** How many rows there are, counted no further than `max`. */
function countUpTo(db: Database.Database, max: number, rows: string, value: string | number): number {
  const count = db.prepare<[string | number, number], number>(`SELECT count(*) FROM (${rows} LIMIT ?)`)
  return count.pluck().get(value, max) ?? 0
}
