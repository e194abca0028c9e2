import type { Client } from '@elastic/elasticsearch'
import PQueue from 'p-queue'
import type { Logger } from 'pino'
import { sleepUnlessAborted } from '../retry.ts'
import { type BulkItem, sortOut } from './bulk-answer.ts'
import {
  type BulkQueue,
  bytesOf,
  createBulkQueue,
  type Operation,
  type Outcome,
  type Waiting
} from './bulk-queue.ts'
import { idsSent, requestBulk } from './bulk-request.ts'
import { isAboutDocuments, reasonOf, statusOf } from './failures.ts'
import { createPace, type Pace } from './pace.ts'
import { createTroubles, type Troubles } from './troubles.ts'

export interface BulkObserver {
  /** A request was begun (1), or has ended (-1). */
  inFlight(change: 1 | -1): void
  /** A request was answered (or not). */
  requested(outcome: 'ok' | 'failed', seconds: number): void
  settled(kind: Outcome['kind']): void
}

export interface BulkWriterOptions {
  client: Client
  log: Pick<Logger, 'warn' | 'info'>
  observe?: BulkObserver | undefined
  pace?: Pace | undefined
  /** Told when the data stream, or an index, is not there: somebody deleted it. */
  onMissing?(): void
  /** For tests: makes what was written searchable before the answer. */
  isRefreshed?: boolean
}

/** A request as a whole, in `Troubles`; what goes wrong within it is about an index. */
const REQUESTS = Symbol('requests')

/**
 * Writes documents in bulk, as many at once as Elasticsearch takes. What can be sent again with any hope is sent
 * again, for as long as its caller waits; so an outage only delays.
 */
export class BulkWriter {
  /** The index that the data stream wrote to last, as far as answers told; it is that one or a later one now. */
  writeIndex = ''
  readonly #options: BulkWriterOptions
  readonly #pace: Pace
  readonly #queue: BulkQueue
  readonly #requests: PQueue
  readonly #troubles: Troubles
  readonly #closing = new AbortController()
  #gathering: NodeJS.Timeout | undefined
  #resting: NodeJS.Timeout | undefined

  constructor(options: BulkWriterOptions) {
    this.#options = options
    this.#pace = options.pace ?? createPace()
    this.#queue = createBulkQueue(this.#pace)
    this.#requests = new PQueue({ concurrency: this.#pace.requestsMax })
    this.#troubles = createTroubles(options.log)
  }

  /** Why something does not get through at the moment; undefined if all does. */
  get trouble(): string | undefined {
    return this.#troubles.latest
  }

  get requestsInFlight(): number {
    return this.#requests.pending
  }

  /** Resolves when each operation is done or refused. Rejects only if the signal is aborted, or on `close`. */
  send(operations: readonly Operation[], signal?: AbortSignal): Promise<Outcome[]> {
    const end = this.#endOf(signal)
    if (end.aborted) return Promise.reject(stopped())
    if (operations.length === 0) return Promise.resolve([])
    const { promise, resolve, reject } = Promise.withResolvers<Outcome[]>()
    const outcomes: Outcome[] = []
    let left = operations.length
    const giveUp = (): void => reject(stopped())
    end.addEventListener('abort', giveUp, { once: true })
    this.#queue.add(
      operations.map((operation, at) => ({
        operation,
        bytes: Buffer.byteLength(operation.source) + Buffer.byteLength(operation.action) + 2,
        tries: 0,
        triesAlone: 0,
        isGone: () => end.aborted,
        settle: (outcome: Outcome) => {
          if (outcomes[at] !== undefined) return
          outcomes[at] = outcome
          this.#options.observe?.settled(outcome.kind)
          if (--left > 0) return
          end.removeEventListener('abort', giveUp)
          resolve(outcomes)
        }
      }))
    )
    this.#pump()
    return promise
  }

  /** Asks something else of Elasticsearch until it answers. Rejects only if the signal is aborted, or on `close`. */
  async ask<Answer>(call: (signal: AbortSignal) => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
    const end = this.#endOf(signal)
    const about = Symbol('question')
    try {
      while (!end.aborted) {
        try {
          return await call(end)
        } catch (error) {
          if (end.aborted) break
          this.#troubles.note(about, reasonOf(error))
          await sleepUnlessAborted(this.#pace.failed(), end)
        }
      }
      throw stopped()
    } finally {
      this.#troubles.clear(about)
    }
  }

  /** Whoever waits is told that it was stopped; requests under way are cut off. */
  close(): void {
    this.#closing.abort()
    clearTimeout(this.#gathering)
    clearTimeout(this.#resting)
    this.#requests.clear()
  }

  #endOf(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([this.#closing.signal, signal])
  }

  /** Starts requests as long as there is something to send, and room. */
  #pump(): void {
    this.#requests.concurrency = this.#pace.requestsMax
    while (this.#resting === undefined && !this.#queue.isEmpty && !this.#closing.signal.aborted) {
      const isRoom = this.#requests.pending + this.#requests.size < this.#pace.requestsMax
      if (!isRoom || !this.#isGathered()) return
      const taken = this.#queue.take()
      if (taken.length > 0) void this.#requests.add(() => this.#request(taken))
    }
  }

  /**
   * What comes while a request is under way shares the next one: few documents wait for its end, or a little, since
   * a request costs as much as a hundred of them.
   */
  #isGathered(): boolean {
    if (this.#requests.pending + this.#requests.size === 0) return true
    const left = this.#queue.gatherMs()
    if (left <= 0) return true
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined
      this.#pump()
    }, left)
    return false
  }

  /** Never rejects: what fails is put back, or settled. */
  async #request(taken: Waiting[]): Promise<void> {
    const { client, observe, isRefreshed = false } = this.#options
    const { signal } = this.#closing
    const writeIndex = this.writeIndex
    const started = performance.now()
    const requested = (outcome: 'ok' | 'failed'): void =>
      observe?.requested(outcome, (performance.now() - started) / 1_000)
    let unsent = taken
    observe?.inFlight(1)
    try {
      unsent = await this.#withoutSent(taken)
      if (unsent.length === 0) return
      const operations = unsent.map(({ operation }) => operation)
      const items = await requestBulk(client, operations, { signal, isRefreshed })
      requested('ok')
      this.#answered(unsent, items, writeIndex)
    } catch (error) {
      requested('failed')
      markSent(unsent, writeIndex)
      this.#failed(unsent, error)
    } finally {
      observe?.inFlight(-1)
      // The place in the queue is free only after this turn.
      setImmediate(() => this.#pump())
    }
  }

  async #withoutSent(taken: Waiting[]): Promise<Waiting[]> {
    const operations = taken.map(({ operation }) => operation)
    const sent = await idsSent(this.#options.client, operations, this.#closing.signal)
    if (sent.size === 0) return taken
    const isSent = ({ operation }: Waiting): boolean => operation.isAppend && sent.has(operation.id)
    for (const waiting of taken.filter(isSent)) waiting.settle({ kind: 'present' })
    return taken.filter((waiting) => !isSent(waiting))
  }

  /** `writeIndex` is what was known of it when the request was sent. */
  #answered(sent: readonly Waiting[], items: readonly BulkItem[], writeIndex: string): void {
    const { settled, again, troubles, writtenTo, isMissing } = sortOut(sent, items)
    if (isMissing) this.#options.onMissing?.()
    this.writeIndex = writtenTo ?? this.writeIndex
    this.#troubles.clear(REQUESTS)
    for (const [target, reason] of troubles) {
      if (reason === undefined) this.#troubles.clear(target)
      else this.#troubles.note(target, reason)
    }
    for (const [waiting, outcome] of settled) waiting.settle(outcome)
    markSent(again, writeIndex)
    if (again.length > 0) this.#rest(again)
    else this.#pace.succeeded()
  }

  #failed(sent: readonly Waiting[], error: unknown): void {
    if (this.#closing.signal.aborted) return
    const isTooLarge = statusOf(error) === 413
    if (!isTooLarge && !isAboutDocuments(error)) {
      this.#troubles.note(REQUESTS, reasonOf(error))
      this.#rest(sent)
      return
    }
    if (sent.length === 1) {
      const reason = isTooLarge
        ? `Elasticsearch takes no document of ${bytesOf(sent)} bytes (413)`
        : reasonOf(error)
      sent[0]?.settle({ kind: 'refused', reason })
    } else if (isTooLarge) {
      this.#pace.tooLarge(bytesOf(sent))
      this.#options.log.info({ bytes: this.#pace.bytesMax }, 'Elasticsearch takes smaller requests only')
      this.#queue.putBack(sent)
    } else {
      // One of them spoils the request for all: it is found by halving.
      const middle = Math.ceil(sent.length / 2)
      for (const half of [sent.slice(0, middle), sent.slice(middle)])
        void this.#requests.add(() => this.#request(half), { priority: 1 })
    }
  }

  /** Requests that fail while the writer rests already failed for the same reason, and do not make it longer. */
  #rest(again: readonly Waiting[]): void {
    this.#queue.putBack(again)
    if (this.#resting !== undefined || this.#closing.signal.aborted) return
    this.#resting = setTimeout(() => {
      this.#resting = undefined
      this.#pump()
    }, this.#pace.failed())
  }
}

/** From now on it may have been written, to this index or a later one. */
function markSent(sent: readonly Waiting[], writeIndex: string): void {
  for (const { operation } of sent) if (operation.isAppend) operation.sentTo ??= writeIndex
}

function stopped(): Error {
  return new Error('writing to Elasticsearch was stopped')
}
