import type { Client } from '@elastic/elasticsearch'
import type { Logger } from 'pino'
import { Fatal, Problem } from '../../errors.ts'
import type { JournalBatch } from '../../journal/record.ts'
import { limits } from '../../limits.ts'
import { IndexReplaced, type Refused, type Store } from '../store.ts'
import { type BulkObserver, BulkWriter } from './bulk.ts'
import { isPassing, reasonOf, statusOf, unavailable } from './failures.ts'
import { findEvents, findResults } from './find-events.ts'
import { findRuns } from './find-runs.ts'
import { aliasesOf, DEFAULT_NAMESPACE, namesOf, type WriteNames, writeNamesOf } from './names.ts'
import type { Pace } from './pace.ts'
import { openRunWriter, type RunWriter } from './run-writer.ts'
import { createSendings, type Sendings } from './sendings.ts'
import { newer, setUp } from './setup.ts'
import { readCursor, readState, saveCursor } from './state.ts'
import { SETUP_VERSION } from './templates.ts'
import { checkVersion } from './version.ts'
import { writeBatch } from './write-batch.ts'

export interface ElasticsearchStoreOptions {
  client: Client
  journalId: string
  /** Where the journal ends. What comes behind it was never sent before. */
  journalEnd: number | (() => number)
  log: Pick<Logger, 'warn' | 'info' | 'error'>
  observe?: BulkObserver | undefined
  namespace?: string
  /** Write to this generation, whichever is in use; docs/elasticsearch.md, "A new index". */
  generation?: number
  /** What is written may have been sent long ago: it is looked for in the whole data stream, to be there once. */
  isAnyAge?: boolean
  /** For tests: what was written can be found as soon as `write` resolves. */
  isRefreshed?: boolean
  /** For tests: how much is sent at once, and how long to wait. */
  pace?: Pace
}

/** What is known once the index was looked at. */
interface Opened {
  generation: number
  names: WriteNames
  cursor: number
  /** An index that the data stream wrote to before, the latest that is known; or ''. */
  writeIndex: string
  sendings: Sendings
  runs: RunWriter
}

/**
 * The index in an Elasticsearch that other servers may write to as well. Nothing is asked before it is needed,
 * so a service starts while Elasticsearch is away. Where the templates lack, it makes them if its key may.
 */
export function openElasticsearchStore(options: ElasticsearchStoreOptions): Store {
  return new ElasticsearchStore(options)
}

class ElasticsearchStore implements Store {
  readonly writesAtOnce = limits.elasticsearchWritesInFlightMax
  readonly #options: ElasticsearchStoreOptions
  readonly #namespace: string
  readonly #bulk: BulkWriter
  #opening: Promise<Opened> | undefined
  /** Aborted when the index in use was deleted. */
  #gone = new AbortController()
  #stateReadAt = 0

  constructor(options: ElasticsearchStoreOptions) {
    this.#options = options
    this.#namespace = options.namespace ?? DEFAULT_NAMESPACE
    const { client, log, observe, pace, isRefreshed = false } = options
    const onMissing = (): void => this.#gone.abort()
    this.#bulk = new BulkWriter({ client, log, observe, pace, isRefreshed, onMissing })
  }

  get trouble(): string | undefined {
    return this.#bulk.trouble
  }

  get requestsInFlight(): number {
    return this.#bulk.requestsInFlight
  }

  async cursor(): Promise<number> {
    this.#opening = undefined
    this.#gone = new AbortController()
    return (await this.#open()).cursor
  }

  async write(batch: JournalBatch, signal?: AbortSignal): Promise<Refused[]> {
    const opened = await this.#open()
    const gone = this.#gone.signal
    try {
      const index = { ...opened, bulk: this.#bulk, writeIndex: this.#bulk.writeIndex || opened.writeIndex }
      return await writeBatch(index, batch, AbortSignal.any(signal === undefined ? [gone] : [gone, signal]))
    } catch (error) {
      // What was written is lost, so that everything has to be written again.
      if (gone.aborted && signal?.aborted !== true)
        throw new IndexReplaced('it was deleted', { cause: error })
      throw error
    }
  }

  async moveCursor(next: number, signal?: AbortSignal): Promise<void> {
    const { client, journalId, generation: fixed } = this.#options
    const { generation, writeIndex, sendings } = await this.#open()
    sendings.done(next)
    const state = {
      log: journalId,
      cursor: next,
      write_index: sendings.sentTo(next) ?? (this.#bulk.writeIndex || writeIndex),
      saved: new Date().toISOString()
    }
    await saveCursor(client, this.#namespace, generation, state, signal)
    if (fixed !== undefined || performance.now() - this.#stateReadAt < limits.generationLookMs) return
    this.#stateReadAt = performance.now()
    const { generation: inUse } = await readState(client, this.#namespace, signal)
    if (inUse !== generation) throw new IndexReplaced(`generation ${inUse} is in use`)
  }

  runs: Store['runs'] = (query) => this.#ask((client, names) => findRuns(client, names, query))
  results: Store['results'] = (query) => this.#ask((client, names) => findResults(client, names, query))
  events: Store['events'] = (query) => this.#ask((client, names) => findEvents(client, names, query))

  async close(): Promise<void> {
    this.#bulk.close()
    await this.#options.client.close()
  }

  async #ask<Answer>(
    question: (client: Client, names: ReturnType<typeof aliasesOf>) => Promise<Answer>
  ): Promise<Answer> {
    const { client, generation } = this.#options
    const names = generation === undefined ? aliasesOf(this.#namespace) : namesOf(generation, this.#namespace)
    try {
      return await question(client, names)
    } catch (error) {
      // An alias of which no index was made yet: nothing was written.
      if (isPassing(error) || statusOf(error) === 404) throw unavailable(error)
      throw error
    }
  }

  #open(): Promise<Opened> {
    this.#opening ??= this.#look().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #look(): Promise<Opened> {
    const { client, journalId, log, isAnyAge = false } = this.#options
    const journalEnd = this.#journalEnd()
    let state = await this.#read(() => readState(client, this.#namespace))
    if (state.setup > SETUP_VERSION) throw newer(state)
    if (state.setup < SETUP_VERSION) {
      log.info({ namespace: this.#namespace }, 'setting up Elasticsearch')
      await setUp(client, { namespace: this.#namespace })
      state = { ...state, setup: SETUP_VERSION }
    } else await this.#read(() => checkVersion(client))
    const generation = this.#options.generation ?? state.generation
    const saved = await this.#read(() => readCursor(client, this.#namespace, generation, journalId))
    if (saved !== undefined && saved.cursor > journalEnd) {
      log.error(
        { index: saved.cursor, journal: journalEnd },
        'the index knows more records of this journal than it has: was an older copy restored? `playtrail reconcile` tells'
      )
    }
    const names = writeNamesOf(generation, generation === state.generation, this.#namespace)
    return {
      generation,
      names,
      cursor: Math.min(saved?.cursor ?? 0, journalEnd),
      writeIndex: saved?.write_index ?? '',
      sendings: createSendings(journalEnd, isAnyAge ? '' : (saved?.write_index ?? '')),
      runs: openRunWriter(client, this.#bulk, names)
    }
  }

  #journalEnd(): number {
    const { journalEnd } = this.#options
    return typeof journalEnd === 'number' ? journalEnd : journalEnd()
  }

  /** An error of the client says what to do. */
  async #read<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await call()
    } catch (error) {
      if (error instanceof Fatal || error instanceof Problem) throw error
      throw new Error(reasonOf(error), { cause: error })
    }
  }
}
