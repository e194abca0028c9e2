import { setImmediate as turn } from 'node:timers/promises'
import type { Event } from '../../server/event-types.ts'
import type { Refused, Store } from '../../server/index/store.ts'
import type { JournalReader } from '../../server/journal/reader.ts'
import { type JournalBatch, recordsOf } from '../../server/journal/record.ts'
import { batchOf, JOURNAL_ID } from './fixtures.ts'

/** What happens to a call: nothing special, a failure before it took effect, or one after. `turns`: how late. */
export interface Fault {
  kind: 'none' | 'fails before' | 'fails after'
  turns: number
}

/** Meets the next of the planned faults; when there are no more, all goes well. */
async function meet<Result>(faults: Fault[], effect: () => Result): Promise<Result> {
  const fault = faults.shift() ?? { kind: 'none', turns: 0 }
  for (let turns = 0; turns < fault.turns; turns++) await turn()
  if (fault.kind === 'fails before') throw new Error('failed before it took effect')
  const result = effect()
  if (fault.kind === 'fails after') throw new Error('took effect, then failed')
  return result
}

/** A journal in memory. How many records a read gives is told by `sizes`, one after the other, again and again. */
export class MemoryJournal implements JournalReader {
  readonly id = JOURNAL_ID
  readonly faults: Fault[] = []
  readonly #events: (Event | string)[] = []
  readonly #sizes: readonly number[]
  reads = 0
  #grown = Promise.withResolvers<void>()

  constructor(sizes: readonly number[] = [3]) {
    this.#sizes = sizes
  }

  get end(): number {
    return this.#events.length
  }

  append(...events: (Event | string)[]): void {
    this.#events.push(...events)
    this.#grown.resolve()
    this.#grown = Promise.withResolvers()
  }

  read(index: number): Promise<JournalBatch | undefined> {
    return meet(this.faults, () => {
      const size = this.#sizes[this.reads++ % this.#sizes.length] ?? 1
      return index >= this.end ? undefined : batchOf(this.#events.slice(index, index + size), index)
    })
  }

  async waitBeyond(index: number, signal: AbortSignal): Promise<void> {
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    while (this.end <= index && !signal.aborted) await Promise.race([this.#grown.promise, aborted])
  }
}

/** A store in memory that holds the ids of events, and takes the bytes of a batch away as a real one does. */
export class MemoryStore implements Store {
  readonly writesAtOnce = 2
  readonly trouble = undefined
  readonly replaced = new AbortController().signal
  readonly faults: Fault[] = []
  readonly cursorFaults: Fault[] = []
  readonly ids = new Map<string, number>()
  writesUnderWay = 0
  writesUnderWayMax = 0
  #cursor = 0

  async cursor(): Promise<number> {
    return this.#cursor
  }

  async write(batch: JournalBatch): Promise<Refused[]> {
    const own = { ...batch, bytes: new Uint8Array(batch.bytes.buffer.transfer()) }
    this.writesUnderWay++
    this.writesUnderWayMax = Math.max(this.writesUnderWayMax, this.writesUnderWay)
    try {
      return await meet(this.faults, () => this.#keep(own))
    } finally {
      this.writesUnderWay--
    }
  }

  moveCursor(next: number): Promise<void> {
    return meet(this.cursorFaults, () => {
      this.#cursor = next
    })
  }

  #keep(batch: JournalBatch): Refused[] {
    const refused: Refused[] = []
    for (const { index, eventId, payload } of recordsOf(batch)) {
      if (payload[0] !== 0x7b) refused.push({ index, eventId, reason: 'not an object' })
      else if (!this.ids.has(eventId)) this.ids.set(eventId, index)
      else if (this.ids.get(eventId) !== index) throw new Error(`${eventId} came under two indexes`)
    }
    return refused
  }

  runs(): Promise<never> {
    return Promise.reject(new Error('not asked here'))
  }

  results(): Promise<never> {
    return this.runs()
  }

  events(): Promise<never> {
    return this.runs()
  }

  eventParts(): Promise<never> {
    return this.runs()
  }

  outline(): Promise<never> {
    return this.runs()
  }

  readonly findable = this.runs
  readonly keptSinceMs = this.runs
  readonly trails = this.runs
  readonly hosts = this.runs
  readonly hostRuns = this.runs
  readonly playbooks = this.runs
  readonly users = this.runs
  readonly tasks = this.runs
  readonly facets = this.runs
  readonly histogram = this.runs

  async close(): Promise<void> {
    this.ids.clear()
  }
}
