import { setImmediate as others } from 'node:timers/promises'
import type { JournalReader } from '../../journal/reader.ts'
import { type JournalRecord, recordsOf } from '../../journal/record.ts'
import { limits } from '../../limits.ts'
import type { Client } from './client.ts'
import type { Pace } from './pace.ts'
import { readingOf } from './reading.ts'
import { LiveRuns } from './runs.ts'

export interface ReaderOptions {
  journal: JournalReader
  /** Those who are told: whoever is at the head of the journal. */
  clients: ReadonlySet<Client>
  pace: Pace
  /** Told once, if the journal cannot be read. */
  onFailure(error: unknown): void
}

/** Reads the journal for all clients that keep up. */
export class Reader {
  readonly #journal: JournalReader
  readonly #clients: ReadonlySet<Client>
  readonly #runs = new LiveRuns()
  readonly #stopping = new AbortController()
  readonly #timers: NodeJS.Timeout[]
  readonly #onFailure: (error: unknown) => void
  /** Runs with progress that was not told yet, and the record of it. */
  readonly #progress = new Map<string, number>()
  /** The next record to read. */
  #next: number

  constructor({ journal, clients, pace, onFailure }: ReaderOptions) {
    this.#journal = journal
    this.#clients = clients
    this.#onFailure = onFailure
    // From some way back, to know the runs that go on.
    this.#next = Math.max(0, journal.end - pace.liveRecordsBackMax)
    this.#timers = [
      setInterval(() => this.#tellProgress(), pace.liveProgressMs),
      setInterval(() => this.#beat(), pace.liveHeartbeatMs)
    ]
    this.#read().catch((error: unknown) => this.#fail(error))
  }

  stop(): void {
    this.#stopping.abort()
    for (const timer of this.#timers) clearInterval(timer)
  }

  /** Resolves when the client has gone. */
  async serve(client: Client): Promise<void> {
    try {
      while (await client.takesMore()) {
        if (client.place.record >= this.#next) await client.stayAtHead()
        else await this.#catchUp(client)
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  async #read(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const batch = await this.#journal.read(this.#next)
      if (batch === undefined) {
        await this.#journal.waitBeyond(this.#next, signal)
        continue
      }
      for (const record of recordsOf(batch)) {
        // Requests are answered in between.
        if (record.index % limits.liveRecordsAtOnceMax === 0) await others()
        if (signal.aborted) return
        this.#tellAll(record)
      }
    }
  }

  #tellAll(record: JournalRecord): void {
    const reading = readingOf(record, this.#journal.id)
    this.#next = record.index + 1
    if (reading === undefined) return
    const run = this.#runs.add(reading)
    if (run !== undefined && reading.runMessage === undefined) this.#progress.set(run, record.index)
    else if (run !== undefined) this.#progress.delete(run)
    for (const client of this.#clients) if (client.isAtHead) client.tell(reading, this.#runs)
  }

  /** One read of what a client was not told yet, as long as it takes it. */
  async #catchUp(client: Client): Promise<void> {
    const batch = await this.#journal.read(client.place.record)
    if (batch === undefined) return
    for (const record of recordsOf(batch)) {
      if (record.index % limits.liveRecordsAtOnceMax === 0) await others()
      // What lies beyond is told by the one who reads for all.
      if (record.index >= this.#next) return
      const reading = readingOf(record, this.#journal.id)
      if (reading === undefined) client.place.record = record.index + 1
      else client.tell(reading, this.#runs)
      if (!(await client.takesMore())) return
    }
  }

  #tellProgress(): void {
    for (const client of this.#clients) {
      if (!client.isAtHead || client.joinedAt > this.#next) continue
      const changed = [...this.#progress].filter(([, record]) => record >= client.joinedAt).map(([id]) => id)
      const ids = client.knowsRunning ? changed : new Set([...this.#runs.running(), ...changed])
      client.knowsRunning = true
      for (const id of ids) {
        const run = this.#runs.document(id)
        if (run !== undefined) client.tellProgress(run)
      }
    }
    this.#progress.clear()
  }

  #beat(): void {
    for (const client of this.#clients) client.beat()
  }

  #fail(error: unknown): void {
    if (this.#stopping.signal.aborted) return
    this.stop()
    this.#onFailure(error)
  }
}
