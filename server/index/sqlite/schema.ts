import { existsSync, rmSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { addQueryFunctions } from '../../ask/query/sql-functions.ts'
import { Fatal } from '../../errors.ts'
import { limits } from '../../limits.ts'

/** Format of the index. An index of another format is thrown away and made again from the journal. */
export const INDEX_FORMAT = 2

/** Changed pages collect in the write-ahead log; each time it has grown by this much they go into the file. */
const CHECKPOINT_BYTES = 32 * 1024 * 1024
const PAGE_BYTES = 8192
const WRITER_CACHE_KIB = 32 * 1024
const READER_CACHE_KIB = 8 * 1024
/** Only recovery, and a write-ahead log that grew too long, ever make anyone wait. */
export const BUSY_MS_MAX = 10_000

// A host, user, playbook or action is written out once, in `names`, and is a small number elsewhere: that
// keeps four indexes of every event affordable, and lets a pattern with `*` be tried on some hundred names
// instead of on millions of events.
//
// `record` is the number of the event's record in the journal.
const SCHEMA = `
  CREATE TABLE meta (journal TEXT NOT NULL, cursor INTEGER NOT NULL) STRICT;

  CREATE TABLE names (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

  -- timestamp and received are microseconds since 1970; playbook is run.name; status is
  -- ansible.result.status or else run.status; payload is the event as it was received.
  CREATE TABLE events (
    record INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    run INTEGER,
    timestamp INTEGER NOT NULL,
    action INTEGER, playbook INTEGER, host INTEGER, user INTEGER,
    status TEXT,
    received INTEGER NOT NULL,
    sender TEXT NOT NULL,
    payload BLOB NOT NULL
  ) STRICT;
  -- Writing an event again changes nothing.
  CREATE UNIQUE INDEX events_by_id ON events (id);
  -- Any combination of filters is answered from this one alone: a filter costs no look into the events'
  -- pages, which hold ten events each, so that even a question without an answer is a short scan.
  CREATE INDEX events_by_time ON events (timestamp, record, action, status, host, user, playbook);
  -- What happened on a host.
  CREATE INDEX events_by_host ON events (host, timestamp, record, action, status) WHERE host IS NOT NULL;
  -- What happened in a run.
  CREATE INDEX events_by_run ON events (run, timestamp, record, action, status, host) WHERE run IS NOT NULL;
  -- What went wrong lately: these are few, and must not be searched for among all that went well.
  CREATE INDEX events_that_failed ON events (status, timestamp, record)
    WHERE status IN ('failed', 'unreachable', 'aborted');

  -- What the events of a run say together. started, finished and aborted are the records of the sender's
  -- events, silenced the record of the server's that closed the run last, silences how many of those there
  -- are. heard is when the sender's newest event was received, heard_until the latest such time that the
  -- server has closed the run for; microseconds since 1970, 0 for none.
  CREATE TABLE runs (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    name TEXT, path TEXT, user TEXT,
    started INTEGER, finished INTEGER, aborted INTEGER, silenced INTEGER,
    events INTEGER NOT NULL, silences INTEGER NOT NULL,
    last_received INTEGER NOT NULL, heard INTEGER NOT NULL, heard_until INTEGER NOT NULL,
    ok INTEGER NOT NULL, changed INTEGER NOT NULL, failed INTEGER NOT NULL,
    skipped INTEGER NOT NULL, unreachable INTEGER NOT NULL
  ) STRICT;
  -- Each filter of the list in the order of the list. Runs are few beside events: these cost little.
  CREATE INDEX runs_by_status ON runs (status, id);
  CREATE INDEX runs_by_user ON runs (user, id);
  CREATE INDEX runs_by_name ON runs (name, id);

  -- Runs with a result on a host, in the order of the list.
  CREATE TABLE run_hosts (host INTEGER, run_id TEXT, PRIMARY KEY (host, run_id)) STRICT, WITHOUT ROWID;

  -- Each time that a task was started in a run: half of a result's identity.
  CREATE TABLE tasks (
    key INTEGER PRIMARY KEY,
    run INTEGER NOT NULL, play_id TEXT NOT NULL, batch INTEGER NOT NULL,
    task_id TEXT NOT NULL, occurrence INTEGER NOT NULL,
    UNIQUE (run, play_id, batch, task_id, occurrence)
  ) STRICT;

  -- How each task ended on each host. The event itself is not copied.
  CREATE TABLE results (
    task INTEGER NOT NULL, host INTEGER NOT NULL,
    run INTEGER NOT NULL, sequence INTEGER NOT NULL, status TEXT NOT NULL, record INTEGER NOT NULL,
    PRIMARY KEY (task, host)
  ) STRICT, WITHOUT ROWID;
  -- The results of a run as they came, and its filters by status and host.
  CREATE INDEX results_by_run ON results (run, sequence, record, status, host);
`

/**
 * Deletes an index that is not one of this journal: of another format, of another journal, ahead of the
 * journal (which was restored from an older copy), or damaged. Returns why, or undefined if it can stay.
 */
export function discardForeignIndex(path: string, journalId: string, journalEnd: number): string | undefined {
  if (!existsSync(path)) return undefined
  const reason = whyForeign(path, journalId, journalEnd)
  if (reason === undefined) return undefined
  for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
  return reason
}

/** Throws Fatal if there is an index that is not one of this journal and format. */
export function checkOwnIndex(path: string, journalId: string): void {
  // A server may have written to the journal since it was looked at, and then the index may be ahead of that.
  const reason = existsSync(path) ? whyForeign(path, journalId, Number.POSITIVE_INFINITY) : undefined
  if (reason === undefined) return
  throw new Fatal(`${path} cannot be written to: ${reason}. The next start of the service makes it again.`)
}

/** Opens the index to write, making it if there is none. */
export function openToWrite(path: string, journalId: string): Database.Database {
  const db = new Database(path, { timeout: BUSY_MS_MAX })
  db.pragma(`page_size = ${PAGE_BYTES}`)
  db.pragma('journal_mode = WAL')
  // A power cut may take back the last commits, but never one without those after it: the cursor is
  // committed after the events it stands for, so it never claims more than there is.
  db.pragma('synchronous = NORMAL')
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_BYTES / PAGE_BYTES}`)
  db.pragma(`journal_size_limit = ${2 * CHECKPOINT_BYTES}`)
  db.pragma(`cache_size = -${WRITER_CACHE_KIB}`)
  if (db.pragma('user_version', { simple: true }) === INDEX_FORMAT) return db
  db.transaction(() => {
    db.exec(SCHEMA)
    db.prepare('INSERT INTO meta VALUES (?, 0)').run(journalId)
    db.pragma(`user_version = ${INDEX_FORMAT}`)
  })()
  return db
}

/**
 * Keeps the write-ahead log short although questions overlap each other without a gap: SQLite begins it anew
 * only when nobody reads in it.
 */
export function boundWal(db: Database.Database): void {
  const wal = statSync(`${db.name}-wal`, { throwIfNoEntry: false })
  if (wal !== undefined && wal.size > limits.writeAheadLogBytesMax) db.pragma('wal_checkpoint(TRUNCATE)')
}

/** Opens the index to read. It must be there: open it to write first. */
export function openToRead(path: string): Database.Database {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS_MAX })
  db.pragma(`cache_size = -${READER_CACHE_KIB}`)
  addQueryFunctions(db)
  return db
}

function whyForeign(path: string, journalId: string, journalEnd: number): string | undefined {
  let db: Database.Database | undefined
  try {
    db = new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS_MAX })
    const format = db.pragma('user_version', { simple: true })
    if (format !== INDEX_FORMAT) return `it has format ${String(format)}, not ${INDEX_FORMAT}`
    const journal = db.prepare<[], string>('SELECT journal FROM meta').pluck().get()
    if (journal !== journalId) return `it was made from the journal ${journal}, not ${journalId}`
    const last = db.prepare<[], number | null>('SELECT max(record) FROM events').pluck().get() ?? -1
    if (last >= journalEnd) return `it holds record ${last}, and the journal ends before ${journalEnd}`
    return undefined
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
    // Anything else, such as a missing permission, is not healed by deleting.
    if (!/^SQLITE_(CORRUPT|NOTADB|ERROR)/.test(error.code)) throw error
    return `it is damaged: ${error.message}`
  } finally {
    db?.close()
  }
}
