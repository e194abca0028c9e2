import Database from 'better-sqlite3'
import { Fatal } from '../errors.ts'

/**
 * Consecutive numbers of one count whose records follow each other in the journal: the ids
 * `<scope>:<first>` to `<scope>:<last>` are the records `index` to `index + last - first`.
 */
export interface IdRange {
  scope: string
  first: number
  last: number
  index: number
}

/** An event id as a number within a count: `<run>:7` is 7 of `<run>`, `<run>:s7` is 7 of `<run>:s`, `<run>:v7` of `<run>:v`. */
export interface ScopedId {
  scope: string
  sequence: number
}

const COUNTED_ID = /^(.+:[sv]?)(0|[1-9][0-9]{0,14})$/

/** Any other id is a count of its own with the one number 0; the space, which no id has, keeps it apart. */
export function scopedId(eventId: string): ScopedId {
  const match = COUNTED_ID.exec(eventId)
  if (match?.[1] === undefined) return { scope: ` ${eventId}`, sequence: 0 }
  return { scope: match[1], sequence: Number(match[2]) }
}

/** How far ids are known. */
export interface KnownEnd {
  /** Ids of the journal's records before this index are known. */
  end: number
  /** The salt of the record before it; undefined if there is none, or if it is not known. */
  salt: Buffer | undefined
}

/**
 * Which event ids the journal holds, and where: bounded in memory, since ranges are on disk. Derived from
 * the journal; a lost or older file is caught up from it.
 *
 * The open database is also the lock of the data folder: SQLite's exclusive lock is the kernel's, and ends
 * with the process.
 */
export interface KnownIds extends Readonly<KnownEnd> {
  /** Ranges of `scope` that overlap `first` to `last`. */
  overlapping(scope: string, first: number, last: number): IdRange[]
  /**
   * Adds the ids of the records up to an end. If the disk is full they are kept in memory and written by a
   * later call; the journal, which comes first, refuses new events by then.
   */
  add(ranges: readonly IdRange[], known: KnownEnd): void
  /** Knows nothing any more: everything is to be added again. */
  forget(): void
  close(): void
}

const CACHE_KIB = 16 * 1024

/** A quota that is used up comes as an error of input and output. */
const DISK_FULL = /^SQLITE_(FULL|IOERR)/

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS journal (log TEXT NOT NULL, "end" INTEGER NOT NULL, salt BLOB) STRICT;
  CREATE TABLE IF NOT EXISTS ranges (
    scope TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, "index" INTEGER NOT NULL,
    PRIMARY KEY (scope, first)
  ) STRICT, WITHOUT ROWID;
`

export function openKnownIds(path: string, log: string): KnownIds {
  const db = lockedDatabase(path)
  db.exec(SCHEMA)
  // Older files do not have it.
  if (!hasColumn(db, 'salt')) db.exec('ALTER TABLE journal ADD COLUMN salt BLOB')
  const stored = db.prepare<[], Stored>('SELECT log, "end", salt FROM journal').get()
  if (stored !== undefined && stored.log !== log) db.exec('DELETE FROM ranges; DELETE FROM journal')
  if (stored?.log !== log) db.prepare('INSERT INTO journal VALUES (?, 0, NULL)').run(log)
  let known: KnownEnd = { end: 0, salt: undefined }
  if (stored?.log === log) known = { end: stored.end, salt: stored.salt ?? undefined }
  let unwritten: IdRange[] = []

  // Ranges of a scope do not overlap each other, so the newest that begins at or before `last` comes first,
  // and the first one that ends before `first` ends the search.
  const before = db.prepare<[string, number], IdRange>(
    'SELECT scope, first, last, "index" FROM ranges WHERE scope = ? AND first <= ? ORDER BY first DESC'
  )
  const insert = db.prepare('INSERT INTO ranges VALUES (?, ?, ?, ?)')
  const moveEnd = db.prepare('UPDATE journal SET "end" = ?, salt = ?')
  const addAll = db.transaction((ranges: readonly IdRange[], { end, salt }: KnownEnd) => {
    for (const { scope, first, last, index } of ranges) insert.run(scope, first, last, index)
    moveEnd.run(end, salt ?? null)
  })

  return {
    get end() {
      return known.end
    },
    get salt() {
      return known.salt
    },
    overlapping(scope, first, last) {
      const found = unwritten.filter(
        (range) => range.scope === scope && range.first <= last && range.last >= first
      )
      for (const range of before.iterate(scope, last)) {
        if (range.last < first) break
        found.push(range)
      }
      return found
    },
    add(ranges, newlyKnown) {
      unwritten = unwritten.length === 0 ? [...ranges] : unwritten.concat(ranges)
      known = newlyKnown
      try {
        addAll(unwritten, known)
        unwritten = []
      } catch (error) {
        if (!(error instanceof Database.SqliteError && DISK_FULL.test(error.code))) throw error
      }
    },
    forget() {
      db.exec('DELETE FROM ranges; UPDATE journal SET "end" = 0, salt = NULL')
      known = { end: 0, salt: undefined }
    },
    close() {
      db.close()
    }
  }
}

interface Stored {
  log: string
  end: number
  salt: Buffer | null
}

function hasColumn(db: Database.Database, name: string): boolean {
  const columns = db.prepare<[], { name: string }>("SELECT name FROM pragma_table_info('journal')").all()
  return columns.some((column) => column.name === name)
}

/** Joins what follows each other both in its count and in the journal. */
export function joinRanges(ids: Iterable<ScopedId & { index: number }>): IdRange[] {
  const ranges: IdRange[] = []
  for (const { scope, sequence, index } of ids) {
    const range = ranges.at(-1)
    if (
      range?.scope === scope &&
      range.last + 1 === sequence &&
      range.index + sequence - range.first === index
    ) {
      range.last = sequence
    } else {
      ranges.push({ scope, first: sequence, last: sequence, index })
    }
  }
  return ranges
}

function lockedDatabase(path: string): Database.Database {
  let db: Database.Database | undefined
  try {
    db = new Database(path, { timeout: 0 })
    // In this mode the lock is taken by the first write and kept until the process ends.
    db.pragma('locking_mode = EXCLUSIVE')
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
    db.pragma(`cache_size = -${CACHE_KIB}`)
    db.pragma('journal_size_limit = 4194304')
    db.exec('BEGIN IMMEDIATE; COMMIT')
    return db
  } catch (error) {
    db?.close()
    const code = error instanceof Database.SqliteError ? error.code : ''
    if (code.startsWith('SQLITE_BUSY')) {
      throw new Fatal(
        `another Playtrail works on this data folder: it has locked ${path}. Stop it, or choose another folder with --data-dir.`
      )
    }
    throw new Fatal(
      `${path} cannot be opened: ${String(error)}. It is derived: remove it, and it is made again from the journal.`,
      { cause: error }
    )
  }
}
