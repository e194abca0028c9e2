import type { Client } from '@elastic/elasticsearch'
import PQueue from 'p-queue'
import type { Logger } from 'pino'
import { limits } from '../../limits.ts'
import { type BulkItem, verdictOf } from './bulk-answer.ts'
import { reasonOf, statusOf } from './failures.ts'
import { createPace, type Pace } from './pace.ts'
import { findSent } from './sent-before.ts'

/** One document to write. */
export interface Operation {
  id: string
  /** Index or data stream. */
  target: string
  /** The line that says what to do, and the line of the document. */
  action: string
  source: string
  /** Made once, in a data stream, and never changed: an event. */
  isAppend: boolean
  /** Set if it may have been sent before: the stream's write index then, or '' if nobody knows. */
  sentTo?: string
}

/** `present`: the document, or a later version of it, was there. `refused`: it can never be written as it is. */
export type Outcome = { kind: 'created' | 'present' } | { kind: 'refused'; reason: string }

export interface BulkObserver {
  /** A request was answered (or not). */
  requested(outcome: 'ok' | 'failed', seconds: number): void
  settled(kind: Outcome['kind']): void
}

export interface BulkWriterOptions {
  client: Client
  log: Pick<Logger, 'warn' | 'info'>
  observe?: BulkObserver | undefined
  pace?: Pace
  /** Told when the data stream, or an index, is not there: somebody deleted it. */
  onMissing?(): void
  /** For tests: makes what was written searchable before the answer. */
  isRefreshed?: boolean
}

/** An operation on its way. */
interface Waiting {
  operation: Operation
  bytes: number
  tries: number
  /** Nobody waits for it any more. */
  isGone(): boolean
  settle(outcome: Outcome): void
}

/**
 * Writes documents in bulk, as many at once as Elasticsearch takes. What can be sent again with any hope is sent
 * again, for as long as its caller waits; so an outage only delays.
 */
export class BulkWriter {
  /** The index that the data stream wrote to last, as far as answers told. */
  writeIndex = ''
  readonly #client: Client
  readonly #options: BulkWriterOptions
  readonly #pace: Pace
  readonly #requests: PQueue
  readonly #closing = new AbortController()
  #pending: Waiting[] = []
  #pendingBytes = 0
  #gatheredAt = 0
  #gathering: NodeJS.Timeout | undefined
  #resting: NodeJS.Timeout | undefined
  #trouble: string | undefined

  constructor(options: BulkWriterOptions) {
    this.#client = options.client
    this.#options = options
    this.#pace = options.pace ?? createPace()
    this.#requests = new PQueue({ concurrency: this.#pace.requestsMax })
  }

  /** Why nothing gets through at the moment; undefined if it does. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  get requestsInFlight(): number {
    return this.#requests.pending
  }

  /** Resolves when each operation is done or refused. Rejects only if the signal is aborted, or on `close`. */
  send(operations: readonly Operation[], signal?: AbortSignal): Promise<Outcome[]> {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome[]>()
    if (operations.length === 0) resolve([])
    const outcomes: Outcome[] = []
    let left = operations.length
    let isGone = false
    const giveUp = (): void => {
      isGone = true
      reject(new Error('writing to Elasticsearch was stopped'))
    }
    const ends = [this.#closing.signal, ...(signal === undefined ? [] : [signal])]
    for (const end of ends) {
      if (end.aborted) giveUp()
      else end.addEventListener('abort', giveUp, { once: true })
    }
    const waiting = operations.map((operation, at) => ({
      operation,
      bytes: Buffer.byteLength(operation.source) + operation.action.length + 2,
      tries: 0,
      isGone: () => isGone,
      settle: (outcome: Outcome) => {
        outcomes[at] = outcome
        this.#options.observe?.settled(outcome.kind)
        if (--left > 0) return
        for (const end of ends) end.removeEventListener('abort', giveUp)
        resolve(outcomes)
      }
    }))
    if (!isGone) this.#add(waiting)
    return promise
  }

  /** Asks something else of Elasticsearch, again and again as for `send`, as long as the failure may pass. */
  async ask<Answer>(call: () => Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
    for (;;) {
      if (signal?.aborted || this.#closing.signal.aborted) throw new Error('asking Elasticsearch was stopped')
      try {
        const answer = await call()
        this.#succeeded()
        return answer
      } catch (error) {
        const wait = this.#pace.failed()
        this.#note(reasonOf(error))
        await sleep(wait, [this.#closing.signal, ...(signal === undefined ? [] : [signal])])
      }
    }
  }

  /** Whoever waits is told that it was stopped; requests under way are cut off. */
  close(): void {
    this.#closing.abort()
    clearTimeout(this.#gathering)
    clearTimeout(this.#resting)
    this.#requests.clear()
  }

  #add(waiting: readonly Waiting[]): void {
    if (this.#pending.length === 0) this.#gatheredAt = performance.now() + limits.bulkGatherMsMax
    this.#pending.push(...waiting)
    for (const { bytes } of waiting) this.#pendingBytes += bytes
    this.#pump()
  }

  /** In front of all others: it waited longest. */
  #putBack(waiting: readonly Waiting[]): void {
    this.#pending.unshift(...waiting)
    for (const { bytes } of waiting) this.#pendingBytes += bytes
    this.#gatheredAt = 0
  }

  /** Starts requests as long as there is something to send, and room. */
  #pump(): void {
    this.#requests.concurrency = this.#pace.requestsMax
    while (this.#resting === undefined && this.#pending.length > 0 && !this.#closing.signal.aborted) {
      const isRoom = this.#requests.pending + this.#requests.size < this.#pace.requestsMax
      if (!isRoom || !this.#isGathered()) return
      const taken = this.#take()
      if (taken.length > 0) void this.#requests.add(() => this.#request(taken))
    }
  }

  /**
   * What comes while a request is under way shares the next one: few documents wait for its end, or a little, since
   * a request costs as much as a hundred of them.
   */
  #isGathered(): boolean {
    const { operationsMax, bytesMax } = this.#pace
    if (this.#requests.pending + this.#requests.size === 0) return true
    const left = this.#gatheredAt - performance.now()
    if (left <= 0 || this.#pending.length >= operationsMax || this.#pendingBytes >= bytesMax) return true
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined
      this.#pump()
    }, left)
    return false
  }

  #take(): Waiting[] {
    const { operationsMax, bytesMax } = this.#pace
    let count = 0
    let bytes = 0
    for (const waiting of this.#pending) {
      if (count > 0 && (count >= operationsMax || bytes + waiting.bytes > bytesMax)) break
      bytes += waiting.bytes
      count++
    }
    const taken = this.#pending.splice(0, count)
    this.#pendingBytes -= bytes
    if (this.#pending.length > 0) this.#gatheredAt = performance.now() + limits.bulkGatherMsMax
    return taken.filter((waiting) => !waiting.isGone())
  }

  /** Never rejects: what fails is put back, or settled. */
  async #request(taken: Waiting[]): Promise<void> {
    const writeIndex = this.writeIndex
    const started = performance.now()
    let unsent = taken
    try {
      unsent = await this.#withoutSent(taken)
      if (unsent.length === 0) return
      const { items } = await this.#client.bulk(
        {
          operations: unsent.flatMap(({ operation }) => [operation.action, operation.source]),
          filter_path: ['items.*._index', 'items.*.status', 'items.*.error', 'items.*.failure_store'],
          ...(this.#options.isRefreshed && { refresh: true as const })
        },
        { signal: this.#closing.signal }
      )
      this.#options.observe?.requested('ok', (performance.now() - started) / 1_000)
      this.#answered(unsent, items as Record<string, BulkItem>[])
    } catch (error) {
      this.#options.observe?.requested('failed', (performance.now() - started) / 1_000)
      for (const { operation } of unsent) if (operation.isAppend) operation.sentTo ??= writeIndex
      this.#failed(unsent, error)
    } finally {
      // The place in the queue is free only after this turn.
      setImmediate(() => this.#pump())
    }
  }

  async #withoutSent(taken: Waiting[]): Promise<Waiting[]> {
    const maybe = taken.flatMap(({ operation: { id, target, sentTo } }) =>
      sentTo === undefined ? [] : { id, target, sentTo }
    )
    const [first] = maybe
    if (first === undefined) return taken
    const sent = await findSent(this.#client, first.target, maybe)
    if (sent.size === 0) return taken
    const isSent = ({ operation }: Waiting): boolean => operation.isAppend && sent.has(operation.id)
    for (const waiting of taken.filter(isSent)) waiting.settle({ kind: 'present' })
    return taken.filter((waiting) => !isSent(waiting))
  }

  #answered(sent: Waiting[], items: Record<string, BulkItem>[]): void {
    const again: Waiting[] = []
    let trouble: string | undefined
    sent.forEach((waiting, at) => {
      const item = Object.values(items[at] ?? {})[0]
      if (item === undefined)
        throw new Error(`the answer to a bulk request lacks item ${at} of ${sent.length}`)
      const verdict = verdictOf(item)
      if (waiting.operation.isAppend && item._index !== undefined) this.writeIndex = item._index
      if (verdict.kind !== 'again') waiting.settle(verdict)
      else if (item.status !== 503 && item.status >= 500 && ++waiting.tries >= limits.bulkItemTriesMax)
        waiting.settle({ kind: 'refused', reason: `${verdict.reason} (${waiting.tries} times)` })
      else {
        trouble = verdict.reason
        if (item.status === 404) this.#options.onMissing?.()
        if (waiting.operation.isAppend) waiting.operation.sentTo ??= item._index ?? ''
        again.push(waiting)
      }
    })
    if (trouble === undefined) this.#succeeded()
    else this.#rest(again, trouble)
  }

  #failed(sent: Waiting[], error: unknown): void {
    if (this.#closing.signal.aborted) return
    if (statusOf(error) !== 413) {
      this.#rest(sent, reasonOf(error))
      return
    }
    const bytes = sent.reduce((sum, waiting) => sum + waiting.bytes, 0)
    if (sent.length === 1) {
      sent[0]?.settle({ kind: 'refused', reason: `Elasticsearch takes no document of ${bytes} bytes (413)` })
      return
    }
    this.#pace.tooLarge(sent.length, bytes)
    this.#options.log.info({ bytes: this.#pace.bytesMax }, 'Elasticsearch takes smaller requests only')
    this.#putBack(sent)
  }

  #rest(again: readonly Waiting[], trouble: string): void {
    this.#putBack(again)
    const wait = this.#pace.failed()
    this.#note(trouble)
    clearTimeout(this.#resting)
    this.#resting = setTimeout(() => {
      this.#resting = undefined
      this.#pump()
    }, wait)
  }

  #note(trouble: string): void {
    if (this.#trouble !== trouble)
      this.#options.log.warn({ reason: trouble }, 'writing to Elasticsearch waits, and tries again')
    this.#trouble = trouble
  }

  #succeeded(): void {
    this.#pace.succeeded()
    if (this.#trouble !== undefined) this.#options.log.info('writing to Elasticsearch goes on')
    this.#trouble = undefined
  }
}

/** Waits, or ends early when one of the signals is aborted. */
function sleep(ms: number, ends: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      for (const signal of ends) signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    for (const signal of ends) signal.addEventListener('abort', end, { once: true })
  })
}
