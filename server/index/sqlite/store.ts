import type { Logger } from 'pino'
import { limits } from '../../limits.ts'
import { type Caller, openCaller } from '../../worker-calls.ts'
import type { Store } from '../store.ts'
import { openQuestions, type Questions } from './questions.ts'
import type { Reader } from './reader.ts'
import { checkOwnIndex, discardForeignIndex } from './schema.ts'
import { startWordAdding } from './word-adding.ts'
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
  /** Time to answer a question; `limits.questionMsMax` if it is not given. */
  questionMsMax?: number
  /** Length of the write-ahead log beyond which it is begun anew; `limits.writeAheadLogBytesMax` if it is not given. */
  writeAheadLogBytesMax?: number
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

  const { questionMsMax, writeAheadLogBytesMax } = { ...limits, ...options }
  const of = { path, journalId, questionMsMax, writeAheadLogBytesMax }
  const writer = callerOf<Writer>({ role: 'write', ...of })
  const questions = openQuestions(
    Array.from({ length: READERS }, () => callerOf<Reader>({ role: 'read', ...of })),
    questionMsMax
  )
  // Its first call opens the file, which must be there before anyone can read it.
  await writer.call('cursor', undefined)
  const shortenLog = shortener(writer, questions, log)
  const words = startWordAdding(writer, log, shortenLog)

  return {
    writesAtOnce: limits.indexWritesInFlightMax,
    trouble: undefined,
    // The file is this server's alone.
    replaced: new AbortController().signal,
    cursor: () => writer.call('cursor', undefined),
    async write(batch) {
      const written = writer.call('write', batch, { moved: [batch.bytes.buffer] })
      const { refused, isLogLong } = await words.during(written)
      if (isLogLong) shortenLog()
      return refused
    },
    moveCursor: (next) => words.during(writer.call('moveCursor', next)),
    expireSome: (kept) => words.during(writer.call('expireSome', kept)),
    runs: (query, signal) => questions.ask('runs', query, signal),
    results: (query, signal) => questions.ask('results', query, signal),
    events: (query, signal) => questions.ask('events', query, signal),
    eventParts: (query, signal) => questions.ask('eventParts', query, signal),
    outline: (runId, signal) => questions.ask('outline', runId, signal),
    findable: async () => undefined,
    keptSinceMs: (signal) => questions.ask('keptSinceMs', undefined, signal),
    trails: (runIds, signal) => questions.ask('trails', runIds, signal),
    hostRuns: (query, signal) => questions.ask('hostRuns', query, signal),
    hosts: (filter, signal) => questions.ask('hosts', filter, signal),
    playbooks: (filter, signal) => questions.ask('playbooks', filter, signal),
    users: (filter, signal) => questions.ask('users', filter, signal),
    tasks: (filter, signal) => questions.ask('tasks', filter, signal),
    facets: (filter, fields, valuesMax, signal) =>
      questions.ask('facets', { filter, fields, valuesMax }, signal),
    histogram: (filter, interval, signal) => questions.ask('histogram', { filter, interval }, signal),
    async close() {
      words.stop()
      await questions.close()
      // Last, since the last one to close also empties the write-ahead log.
      await writer.close()
    }
  }
}

function callerOf<Functions>(workerData: WorkerData): Caller<Functions> {
  return openCaller<Functions>(new URL('./worker.ts', import.meta.url), workerData, 'index')
}

/**
 * Shortens the write-ahead log although questions overlap each other without a gap: new ones wait until those under
 * way have ended, which is a matter of seconds. Nobody who writes waits for that.
 */
function shortener(writer: Caller<Writer>, questions: Questions, log: Pick<Logger, 'warn'>): () => void {
  let isUnderWay = false
  return () => {
    if (isUnderWay) return
    isUnderWay = true
    questions
      .pauseFor(() => writer.call('shortenLog', undefined))
      // The writes go on, and the next one tries it again.
      .catch((error: unknown) => log.warn({ reason: String(error) }, 'the write-ahead log stays long'))
      .finally(() => {
        isUnderWay = false
      })
  }
}
