import type { Client } from '@elastic/elasticsearch'
import type { Logger } from 'pino'
import { Fatal, Problem } from '../../errors.ts'
import type { JournalBatch } from '../../journal/record.ts'
import { limits } from '../../limits.ts'
import { IndexReplaced, type KeptSince, type Refused, type Store } from '../store.ts'
import { answerOf } from './answer.ts'
import { type BulkObserver, BulkWriter } from './bulk.ts'
import { reasonOf } from './failures.ts'
import { areThere, makeIndices } from './generation.ts'
import { aliasesOf, DEFAULT_NAMESPACE, namesOf, type WriteNames, writeNamesOf } from './names.ts'
import type { Pace } from './pace.ts'
import { questionsOf } from './questions.ts'
import { refreshed } from './refreshed.ts'
import { keptSince } from './retention.ts'
import { openRunWriter, type RunWriter } from './run-writer.ts'
import type { Asking } from './search.ts'
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
  /** For tests: time for one question. */
  questionMsMax?: number
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
  /** Looks whether another index has taken the place of this one, also while nothing is written. */
  #looking: NodeJS.Timeout | undefined
  /** There are events of this journal in the index: it cannot be empty, nor absent. */
  #hasWritten = false
  readonly #closing = new AbortController()

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

  get replaced(): AbortSignal {
    return this.#gone.signal
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
        throw new IndexReplaced('it was deleted, or another one is in use', { cause: error })
      throw error
    }
  }

  async moveCursor(next: number, signal?: AbortSignal): Promise<void> {
    const { client, journalId } = this.#options
    const { generation, writeIndex, sendings } = await this.#open()
    sendings.done(next)
    const state = {
      log: journalId,
      cursor: next,
      write_index: sendings.sentTo(next) ?? (this.#bulk.writeIndex || writeIndex),
      saved: new Date().toISOString()
    }
    await saveCursor(client, this.#namespace, generation, state, signal)
    this.#hasWritten = state.write_index !== ''
  }

  readonly #questions = questionsOf((nothing, signal, question) => this.#ask(nothing, signal, question))
  readonly runs = this.#questions.runs
  readonly results = this.#questions.results
  readonly events = this.#questions.events
  readonly eventParts = this.#questions.eventParts
  readonly outline = this.#questions.outline
  readonly trails = this.#questions.trails
  readonly hostRuns = this.#questions.hostRuns
  readonly hosts = this.#questions.hosts
  readonly playbooks = this.#questions.playbooks
  readonly users = this.#questions.users
  readonly tasks = this.#questions.tasks
  readonly facets = this.#questions.facets
  readonly histogram = this.#questions.histogram

  async findable(signal?: AbortSignal): Promise<void> {
    await this.#ask(undefined, signal, refreshed)
  }

  keptSinceMs(signal?: AbortSignal): Promise<KeptSince> {
    return this.#ask<KeptSince>(undefined, signal, async ({ client }) => {
      // By its own name: of an alias the lifecycle is not told.
      const { names } = await this.#open()
      const since = await keptSince(client, names.events, this.#namespace)
      return typeof since === 'number' ? since / 1_000 : since
    })
  }

  async close(): Promise<void> {
    clearInterval(this.#looking)
    // The client waits for the requests under way.
    this.#closing.abort()
    this.#bulk.close()
    await this.#options.client.close()
  }

  /** `nothing` is the answer of an index that has no event yet. */
  #ask<Answer>(
    nothing: Answer,
    signal: AbortSignal | undefined,
    question: (asking: Asking) => Promise<Answer>
  ): Promise<Answer> {
    const { client, generation, questionMsMax } = this.#options
    const names = generation === undefined ? aliasesOf(this.#namespace) : namesOf(generation, this.#namespace)
    const index = { client, names, questionMsMax, expectsEvents: () => this.#expectsEvents() }
    return answerOf(index, nothing, signal, question)
  }

  async #expectsEvents(): Promise<boolean> {
    await this.#open().catch(() => undefined)
    return this.#hasWritten || this.#journalEnd() > 0
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
    // Of a journal whose events were all refused there is nothing, as of one that was never here.
    const hasWritten = saved !== undefined && saved.write_index !== ''
    const isWhole =
      !hasWritten || (await this.#read(() => areThere(client, namesOf(generation, this.#namespace))))
    if (!isWhole) {
      log.warn({ generation }, 'a part of the index is gone: it is made again from the journal')
      const aliases = this.#options.generation === undefined ? aliasesOf(this.#namespace) : undefined
      await this.#read(() => makeIndices(client, namesOf(generation, this.#namespace), aliases))
    }
    this.#hasWritten = hasWritten
    if (this.#options.generation === undefined) this.#lookEvery(generation)
    return {
      generation,
      names,
      cursor: isWhole ? Math.min(saved?.cursor ?? 0, journalEnd) : 0,
      writeIndex: saved?.write_index ?? '',
      sendings: createSendings(journalEnd, isAnyAge ? '' : (saved?.write_index ?? '')),
      runs: openRunWriter(client, this.#bulk, names)
    }
  }

  #lookEvery(generation: number): void {
    clearInterval(this.#looking)
    const gone = this.#gone
    const look = async (): Promise<void> => {
      const { client } = this.#options
      const { signal } = this.#closing
      const state = await readState(client, this.#namespace, signal)
      const names = namesOf(generation, this.#namespace)
      const isHere = !this.#hasWritten || (await areThere(client, names, signal))
      if (state.generation !== generation || state.setup === 0 || !isHere) gone.abort()
    }
    // Where Elasticsearch does not answer, the writes tell of it.
    this.#looking = setInterval(() => void look().catch(() => undefined), limits.generationLookMs).unref()
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
