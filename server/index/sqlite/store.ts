import type { Logger } from 'pino'
import { Problem } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { tooManyResults } from '../outline.ts'
import type { Store } from '../store.ts'
import { type Caller, openCaller } from './calls.ts'
import type { Reader } from './reader.ts'
import { checkOwnIndex, discardForeignIndex } from './schema.ts'
import type { WorkerData } from './worker.ts'
import type { Writer } from './writer.ts'

/** Threads that answer questions, so that a slow one does not hold up all others. */
const READERS = 2

export interface SqliteStoreOptions {
  path: string
  journalId: string
  /** Where the journal ends. An index that goes beyond it is of a journal that is no more. */
  journalEnd: number
  log: Pick<Logger, 'warn'>
  /** An index that is not of this journal or format is left alone, and Fatal is thrown. */
  isForeignKept?: boolean
}

/**
 * Opens the embedded store: one file, one thread that writes it and some that read it, so that neither
 * questions nor events hold up each other or the thread that acknowledges events. An index that is not of
 * this journal or format is deleted, and begins again with cursor 0.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { path, journalId, journalEnd, log, isForeignKept = false } = options
  if (isForeignKept) checkOwnIndex(path, journalId)
  const reason = isForeignKept ? undefined : discardForeignIndex(path, journalId, journalEnd)
  if (reason !== undefined) log.warn({ path, reason }, 'the index is made again from the journal')

  const writer = callerOf<Writer>({ role: 'write', path, journalId })
  const readers = Array.from({ length: READERS }, () => callerOf<Reader>({ role: 'read', path, journalId }))
  // Its first call opens the file, which must be there before anyone can read it.
  await writer.call('cursor', undefined)

  return {
    writesAtOnce: limits.indexWritesInFlightMax,
    trouble: undefined,
    // The file is this server's alone.
    replaced: new AbortController().signal,
    cursor: () => writer.call('cursor', undefined),
    write: (batch) => writer.call('write', batch, [batch.bytes.buffer]),
    moveCursor: (next) => writer.call('moveCursor', next),
    runs: async (query) => leastAsked(readers).call('runs', query),
    results: async (query) => leastAsked(readers).call('results', query),
    events: async (query) => leastAsked(readers).call('events', query),
    eventParts: async (query) => leastAsked(readers).call('eventParts', query),
    async outline(runId) {
      const outline = await leastAsked(readers).call('outline', runId)
      if (outline === undefined) throw tooManyResults(runId)
      return outline
    },
    async close() {
      await Promise.all(readers.map((reader) => reader.close()))
      // Last, since the last one to close also empties the write-ahead log.
      await writer.close()
    }
  }
}

function callerOf<Functions>(workerData: WorkerData): Caller<Functions> {
  return openCaller<Functions>(new URL('./worker.ts', import.meta.url), workerData)
}

function leastAsked(readers: readonly Caller<Reader>[]): Caller<Reader> {
  const [reader] = [...readers].sort((one, other) => one.waiting - other.waiting)
  if (reader === undefined || reader.waiting >= limits.questionsWaitingMax) {
    throw new Problem('overloaded', 'Too many questions wait for the index. Ask again later.')
  }
  return reader
}
