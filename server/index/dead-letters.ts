import Database from 'better-sqlite3'
import { Fatal } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Refused } from './store.ts'

/** An event that the index refused. The event itself stays where it is: in the journal. */
export interface DeadLetter {
  /** Number of its record in the journal. */
  record: number
  event_id: string
  /** Why it was refused the last time. */
  reason: string
  /** Which store refused it: `sqlite`, or `elasticsearch` and its host. */
  store: string
  /** RFC 3339. */
  first_refused: string
  last_refused: string
  /** How often it was refused; after a crash an event is sent again, and refused again. */
  times: number
}

/**
 * The events that the index could not hold: they are noted here, durably, before the cursor passes them. There
 * is no limit, since a row is some hundred bytes of an event that the journal keeps anyway; the metric
 * `playtrail_dead_letters` tells how many there are.
 *
 * A server and commands may have it open at the same time.
 */
export interface DeadLetters {
  readonly count: number
  /** On disk when it returns. Of a record that is there already, reason, store and time are the new ones. */
  add(refused: readonly Refused[], store: string, at: Date): void
  /** By record, from the first one behind `after` on; -1 is before all. */
  list(after: number, limit: number): DeadLetter[]
  get(record: number): DeadLetter | undefined
  /** Forgets the letter; false if there is none. After a power cut it may be there again. */
  remove(record: number): boolean
  close(): void
}

const FORMAT = 1
/** A command that writes at the same time is done soon; what fails is tried again. */
const BUSY_MS_MAX = 1_000
/** Counting goes through all letters. */
const COUNT_EVERY_MS = 5_000

const SCHEMA = `
  CREATE TABLE letters (
    record INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL, reason TEXT NOT NULL, store TEXT NOT NULL,
    first_refused TEXT NOT NULL, last_refused TEXT NOT NULL, times INTEGER NOT NULL
  ) STRICT;
`

/** All letters in the order of their records, a portion at a time: memory does not grow with their number. */
export function* portionsOf(letters: Pick<DeadLetters, 'list'>): Generator<DeadLetter[], void, undefined> {
  let after = -1
  for (;;) {
    const portion = letters.list(after, limits.deadLettersAtOnceMax)
    const last = portion.at(-1)
    if (last === undefined) return
    yield portion
    after = last.record
  }
}

/** Opens the file, making it if there is none. Throws Fatal, with what to do, if it cannot be. */
export function openDeadLetters(path: string): DeadLetters {
  const db = open(path)
  const all = db.prepare<[], number>('SELECT count(*) FROM letters').pluck()
  const upsert = db.prepare<[number, string, string, string, string, string]>(`
    INSERT INTO letters VALUES (?, ?, ?, ?, ?, ?, 1)
    ON CONFLICT DO UPDATE SET event_id = excluded.event_id, reason = excluded.reason, store = excluded.store,
      last_refused = excluded.last_refused, times = times + 1`)
  const behind = db.prepare<[number, number], DeadLetter>(
    'SELECT * FROM letters WHERE record > ? ORDER BY record LIMIT ?'
  )
  const one = db.prepare<[number], DeadLetter>('SELECT * FROM letters WHERE record = ?')
  const remove = db.prepare<[number]>('DELETE FROM letters WHERE record = ?')

  // One transaction, and so one wait for the disk, however many events a read of the journal brought.
  const addAll = db.transaction((refused: readonly Refused[], store: string, at: string) => {
    for (const { index, eventId, reason } of refused)
      upsert.run(index, eventId, reason.slice(0, limits.deadLetterReasonCharactersMax), store, at, at)
  })

  let count = all.get() ?? 0
  let countedAt = performance.now()

  return {
    get count() {
      if (performance.now() - countedAt < COUNT_EVERY_MS) return count
      count = all.get() ?? 0
      countedAt = performance.now()
      return count
    },
    add(refused, store, at) {
      addAll.immediate(refused, store, at.toISOString())
      countedAt = Number.NEGATIVE_INFINITY
    },
    list: (after, limit) => behind.all(after, limit),
    get: (record) => one.get(record),
    remove(record) {
      // Nothing is lost by a letter that comes back, and nobody has to wait for the disk.
      db.pragma('synchronous = NORMAL')
      try {
        countedAt = Number.NEGATIVE_INFINITY
        return remove.run(record).changes > 0
      } finally {
        db.pragma('synchronous = FULL')
      }
    },
    close: () => void db.close()
  }
}

function open(path: string): Database.Database {
  let db: Database.Database | undefined
  try {
    db = new Database(path, { timeout: BUSY_MS_MAX })
    db.pragma('journal_mode = WAL')
    // Not less: what is noted has to outlive a power cut, for the cursor has passed it then.
    db.pragma('synchronous = FULL')
    makeTable(db, path)
    return db
  } catch (error) {
    db?.close()
    if (!(error instanceof Database.SqliteError)) throw error
    throw new Fatal(
      `${path} cannot be opened: ${error.message}. If it is damaged, move it away: a new one is made, and the events that it named stay in the journal.`,
      { cause: error }
    )
  }
}

function makeTable(db: Database.Database, path: string): void {
  const version = (): number => Number(db.pragma('user_version', { simple: true }))
  if (version() > FORMAT) {
    throw new Fatal(
      `${path} has format ${version()}, this Playtrail knows ${FORMAT}: a newer one wrote it. Start that one.`
    )
  }
  const make = db.transaction(() => {
    // Another process may have been faster.
    if (version() === FORMAT) return
    db.exec(SCHEMA)
    db.pragma(`user_version = ${FORMAT}`)
  })
  if (version() < FORMAT) make.immediate()
}
