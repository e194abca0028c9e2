import type { JournalReader } from '../../journal/reader.ts'
import { type JournalRecord, recordsOf } from '../../journal/record.ts'
import type { Client } from './client.ts'
import type { Pace } from './pace.ts'
import { tellProgress } from './progress.ts'
import { readingOf } from './reading.ts'
import { LiveRuns } from './runs.ts'
import { Turns } from './turns.ts'

export interface ReaderOptions {
  journal: JournalReader
  /** Those who are told: whoever is at the head of the journal. */
  clients: ReadonlySet<Client>
  pace: Pace
  /** Told once, if the journal cannot be read. */
  onFailure(error: unknown): void
  /** Told if one client could not be served; it is cut, and the others are not. */
  onClientFailure(error: unknown): void
}

/** Reads the journal for all clients that keep up. */
export class Reader {
  readonly #journal: JournalReader
  readonly #clients: ReadonlySet<Client>
  readonly #runs = new LiveRuns()
  readonly #stopping = new AbortController()
  readonly #timers: NodeJS.Timeout[]
  readonly #onFailure: (error: unknown) => void
  readonly #onClientFailure: (error: unknown) => void
  readonly #turns = new Turns()
  /** Of all clients together that read on by themselves. */
  readonly #turnsBehind = new Turns()
  /** The next record to read. */
  #next: number

  constructor({ journal, clients, pace, onFailure, onClientFailure }: ReaderOptions) {
    this.#journal = journal
    this.#clients = clients
    this.#onFailure = onFailure
    this.#onClientFailure = onClientFailure
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
        if (client.place.record < this.#next) await this.#catchUp(client)
        else if (client.progressTold < client.progressDue) tellProgress(client, this.#runs)
        else await client.stayAtHead()
      }
    } catch (error) {
      this.#cut(client, error)
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
        if (this.#turns.isOver) await this.#turns.next()
        if (signal.aborted) return
        await this.#tellAll(record)
      }
    }
  }

  async #tellAll(record: JournalRecord): Promise<void> {
    const reading = readingOf(record, this.#journal.id)
    this.#next = record.index + 1
    if (reading === undefined) return
    this.#runs.add(reading)
    for (const client of this.#clients) {
      if (!client.isAtHead) continue
      this.#try(client, () => client.tell(reading, this.#runs))
      if (this.#turns.isOver) await this.#turns.next()
    }
  }

  /** One read of what a client was not told yet, as long as it takes it. */
  async #catchUp(client: Client): Promise<void> {
    const batch = await this.#journal.read(client.place.record)
    if (batch === undefined) return
    for (const record of recordsOf(batch)) {
      if (this.#turnsBehind.isOver) await this.#turnsBehind.next()
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
      client.progressDue = this.#next
      this.#try(client, () => tellProgress(client, this.#runs))
    }
  }

  #beat(): void {
    for (const client of this.#clients) this.#try(client, () => client.beat())
  }

  #try(client: Client, tell: () => void): void {
    try {
      tell()
    } catch (error) {
      this.#cut(client, error)
    }
  }

  /** A client with a failure of its own comes again, and goes on where it was. */
  #cut(client: Client, error: unknown): void {
    if (!this.#stopping.signal.aborted) this.#onClientFailure(error)
    client.cut()
  }

  #fail(error: unknown): void {
    if (this.#stopping.signal.aborted) return
    this.stop()
    this.#onFailure(error)
  }
}
