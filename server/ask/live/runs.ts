import type { Event } from '../../event-types.ts'
import { runDocument } from '../../index/documents.ts'
import { addEvent, emptyRun, endOf, type RunState } from '../../index/run-state.ts'
import type { Run } from '../../index/store.ts'
import { limits } from '../../limits.ts'
import type { Reading } from './reading.ts'

/** A run as it is told: as GET /v1/runs/:id answers it. */
export interface LiveRun extends Run {
  playtrail: Run['playtrail'] & {
    /** The record from which on events and results are counted, where that is not the run's beginning. */
    counted_from?: number
  }
}

interface Known {
  state: RunState<number>
  /** The first record that was read of the run. */
  first: number
  /** The last one. */
  last: number
  isOfService: boolean
  /** The last record said what no message of its own tells. */
  isProgress: boolean
  /** The run as JSON, as it stands; made when it is asked for first. */
  json?: string | undefined
  started: Event | undefined
  /** Events that say how it ended, by their record. */
  ends: Map<number, Event>
}

/** The runs that were heard of last, as the records that were read tell them. */
export class LiveRuns {
  /** The one heard of last stands last. */
  readonly #known = new Map<string, Known>()

  /** Adds what a record says of its run, and returns the run's id. */
  add({ columns, event, record, receivedAt, runMessage, isOfService }: Reading): string | undefined {
    const id = columns.runId
    if (id === null) return undefined
    const known: Known = this.#known.get(id) ?? {
      state: emptyRun(id),
      first: record,
      last: record,
      isOfService,
      isProgress: false,
      started: undefined,
      ends: new Map()
    }
    this.#known.delete(id)
    this.#known.set(id, known)
    known.last = record
    known.isProgress = runMessage === undefined
    known.json = undefined
    const { state, ends } = known
    addEvent(state, columns, record, receivedAt)
    if (columns.result !== undefined) state[columns.result.status]++
    if (state.started === record) known.started = event
    if (columns.action === 'run.finished' || columns.action === 'run.aborted') {
      ends.set(record, event)
      for (const place of ends.keys())
        if (place !== state.finished && place !== state.aborted && place !== state.silenced)
          ends.delete(place)
    }
    const [oldest] = this.#known.keys()
    if (this.#known.size > limits.liveRunsMax && oldest !== undefined) this.#known.delete(oldest)
    return id
  }

  /** The run as it stands, or undefined if it was not heard of for long. */
  document(id: string): LiveRun | undefined {
    const known = this.#known.get(id)
    if (known === undefined) return undefined
    const { state, first, started, ends } = known
    const end = endOf(state)
    const run = runDocument(state, started, end === null ? undefined : ends.get(end))
    if (started !== undefined) return run
    return { ...run, playtrail: { ...run.playtrail, counted_from: first } }
  }

  /** The same as JSON, which is made once for all who are told. */
  json(id: string): string | undefined {
    const known = this.#known.get(id)
    if (known === undefined) return undefined
    known.json ??= JSON.stringify(this.document(id))
    return known.json
  }

  /** In the order of the last record. */
  *heardOf(): Generator<
    Pick<Known, 'last' | 'isProgress' | 'isOfService'> & { id: string; isRunning: boolean }
  > {
    for (const [id, { last, isProgress, isOfService, state }] of this.#known)
      yield { id, last, isProgress, isOfService, isRunning: state.status === 'running' }
  }
}
