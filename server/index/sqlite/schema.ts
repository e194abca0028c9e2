import { existsSync, rmSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { addQueryFunctions } from '../../ask/query/sql-functions.ts'
import { Fatal } from '../../errors.ts'
import { INDEX_FORMAT, SCHEMA } from './tables.ts'

/** Changed pages collect in the write-ahead log; each time it has grown by this much they go into the file. */
export const CHECKPOINT_BYTES = 64 * 1024 * 1024
const PAGE_BYTES = 8192
const WRITER_CACHE_KIB = 32 * 1024
const READER_CACHE_KIB = 8 * 1024
/** Only recovery, and another process that writes, ever make anyone wait. */
export const BUSY_MS_MAX = 10_000
const SHORTEN_MS_MAX = 1_000

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
    db.prepare("INSERT INTO meta VALUES (?, 0, 0, '', NULL)").run(journalId)
    db.pragma(`user_version = ${INDEX_FORMAT}`)
  })()
  return db
}

/** Bytes of the write-ahead log. */
export function logBytes(db: Database.Database): number {
  return statSync(`${db.name}-wal`, { throwIfNoEntry: false })?.size ?? 0
}

/**
 * Begins the write-ahead log anew, which SQLite can do only while nobody reads in it. What this server's own threads
 * ask must have ended; for others it waits a moment. False if they would not end.
 */
export function shortenLog(db: Database.Database): boolean {
  db.pragma(`busy_timeout = ${SHORTEN_MS_MAX}`)
  const [result] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[]
  db.pragma(`busy_timeout = ${BUSY_MS_MAX}`)
  return result?.busy === 0
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
