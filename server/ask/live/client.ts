import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Problem } from '../../errors.ts'
import { type Choice, chosenOf } from '../choice.ts'
import type { CompiledQuery } from '../query/compile.ts'
import { heartbeat, idOf, messageOf, type Place } from './messages.ts'
import type { Pace } from './pace.ts'
import type { Reading } from './reading.ts'
import { LiveRuns } from './runs.ts'

/** What a client wants to be told. */
export interface Wanted {
  /** Starts, progress and ends of runs. */
  runs: boolean
  /** Also of the runs that are the life of the service. */
  isWithService?: boolean
  /** Events that match. */
  matching?: CompiledQuery | undefined
  /** What of them; everything if it is absent. */
  fields?: Choice | undefined
  /** Throws if it may no more be told. */
  check?(): void
}

interface ClientOptions {
  response: ServerResponse
  /** Identity of the journal. */
  log: string
  wanted: Wanted
  place: Place
  joinedAt: number
  pace: Pick<Pace, 'liveDrainMsMax'>
}

/** A client: what it was told, and how it is written to. Nothing is kept for it beyond what its socket holds. */
export class Client {
  /** Told of each record as it is read. A client that takes no more is not: it reads on by itself, when it can. */
  isAtHead = false
  /** Records before this one are told of as progress of their runs. */
  progressTold = 0
  /** Records before this one are to be. */
  progressDue = 0
  /** Where the journal ended when it came. */
  readonly joinedAt: number
  readonly place: Place
  readonly #response: ServerResponse
  readonly #log: string
  readonly #wanted: Wanted
  readonly #drainMsMax: number
  #leftHead: () => void = () => undefined

  constructor({ response, log, wanted, place, joinedAt, pace }: ClientOptions) {
    this.#response = response
    this.#log = log
    this.#wanted = wanted
    this.place = place
    this.joinedAt = joinedAt
    this.#drainMsMax = pace.liveDrainMsMax
    response.once('close', () => this.#leaveHead())
    response.once('error', () => this.cut())
  }

  get isGone(): boolean {
    return this.#response.destroyed || this.#response.writableEnded
  }

  /** Whether it takes more. */
  write(text: string): boolean {
    if (this.isGone) return false
    if (this.#response.write(text)) return true
    this.#leaveHead()
    return false
  }

  /** Tells what a record says, unless it was told before. */
  tell(reading: Reading, runs: LiveRuns): void {
    const { record } = reading
    if (record < this.place.record) return
    const told = record === this.place.record ? this.place.told : 0
    const messages = this.#messagesOf(reading, runs)
    for (const [at, [event, json]] of messages.entries()) {
      const isLast = at === messages.length - 1
      const id = idOf(this.#log, isLast ? { record: record + 1, told: 0 } : { record, told: 1 })
      if (at >= told) this.write(messageOf(event, json, id))
    }
    this.place.record = record + 1
    this.place.told = 0
  }

  /** Tells how a run, of which this is the JSON, stands. Returns whether it takes more. */
  tellProgress(run: string | undefined, isOfService: boolean): boolean {
    if (!this.#isTold(isOfService) || run === undefined) return true
    return this.write(messageOf('run.progress', run, idOf(this.#log, this.place)))
  }

  /** Shows that the connection lives, unless it should not: its token may have been revoked. */
  beat(): void {
    try {
      this.#wanted.check?.()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      // The next request is told why.
      this.cut()
      return
    }
    if (this.isAtHead) this.write(heartbeat(idOf(this.#log, this.place)))
  }

  /** Resolves when it is no more at the head: it takes no more for now, or has gone. */
  async stayAtHead(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#leftHead = resolve
      this.isAtHead = true
    })
  }

  /** Resolves when it takes more. Cuts it off if that takes too long, and then returns false. */
  async takesMore(): Promise<boolean> {
    if (this.isGone) return false
    if (!this.#response.writableNeedDrain) return true
    const late = AbortSignal.timeout(this.#drainMsMax)
    const gone = new AbortController()
    const leave = (): void => gone.abort()
    this.#response.once('close', leave)
    try {
      await once(this.#response, 'drain', { signal: AbortSignal.any([late, gone.signal]) })
      return true
    } catch {
      // Whether it went away or was too slow, there is nobody to tell.
      this.cut()
      return false
    } finally {
      this.#response.off('close', leave)
    }
  }

  /** Ends the connection as what it is, a stream that can be gone on with. */
  end(): void {
    if (this.#response.writableNeedDrain) this.cut()
    else this.#response.end()
  }

  cut(): void {
    this.#response.destroy()
  }

  #isTold(isOfService: boolean): boolean {
    return this.#wanted.runs && (!isOfService || this.#wanted.isWithService === true)
  }

  #leaveHead(): void {
    this.isAtHead = false
    this.#leftHead()
  }

  #messagesOf(reading: Reading, runs: LiveRuns): [string, string][] {
    const messages: [string, string][] = []
    const { runMessage } = reading
    const { matching, fields } = this.#wanted
    if (this.#isTold(reading.isOfService) && runMessage !== undefined)
      messages.push([runMessage, runOf(reading, runs)])
    if (matching?.(reading.document(), reading.texts) === true)
      messages.push([
        'event',
        fields === undefined ? reading.json() : JSON.stringify(chosenOf(reading.document(), fields))
      ])
    return messages
  }
}

/** The run as it stands now, or, if it was not heard of for long, as this record tells it. */
function runOf(reading: Reading, runs: LiveRuns): string {
  const known = runs.json(reading.columns.runId ?? '')
  if (known !== undefined) return known
  const alone = new LiveRuns()
  return alone.json(alone.add(reading) ?? '') ?? '{}'
}
