import type { Logger } from 'pino'
import type { Event } from '../event-types.ts'
import { newRunId } from '../index/run-id.ts'
import type { Journal } from '../journal/journal.ts'
import { createAppending, type TellOptions } from './appending.ts'
import { abortedOf, beginningOf, lookBack } from './beginning.ts'
import { type Happened, lifeEvent } from './event.ts'
import type { LifeFile } from './life-file.ts'
import { nextSequence } from './predecessor.ts'

/**
 * The life of the service, from this start to its stop: a run of kind `service`, whose events are numbered without gaps and go the
 * way of all events. A number is used up when its event is on disk, and not before.
 */
export interface Life {
  readonly runId: string
  /** Tells the first thing: that the service started, and what it found. If there is no room it is told later, before everything else. */
  begin(): Promise<void>
  /** Resolves, with the event, when it is on disk. Rejects as Journal.append does, and then nothing was told. */
  tell(happened: Happened, options?: TellOptions): Promise<Event>
  /** Tells the last thing. `failure` says in words why the service ends otherwise than it should. */
  end(failure?: string): Promise<void>
}

export interface LifeOptions {
  journal: Pick<Journal, 'append' | 'cutBytes' | 'end' | 'find' | 'read'>
  lifeFile: LifeFile
  log: Pick<Logger, 'error' | 'warn'>
  /** How the service stands. */
  standing(): Event['service']
  /** Records of the journal that were in the signed log when it was opened. */
  sealedEnd: number
  now?: () => number
}

/** Looks what became of the lives before. Nothing is told yet. */
export async function openLife(options: LifeOptions): Promise<Life> {
  const { journal, lifeFile, log, standing, sealedEnd, now = Date.now } = options
  const runId = newRunId(now())
  const found = await lookBack(journal, lifeFile, sealedEnd)
  const { unfinished } = found
  const startMs = now()
  const { append, appendOne } = createAppending({ journal, log, now })
  let sequence = 0
  let isBegun = false
  let inTurn: Promise<unknown> = Promise.resolve()

  /** One after the other: which number is free is known when the event before it is on disk, or was refused. */
  function takeTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = inTurn.then(work)
    // Whoever asked is told of a failure; the next one is not kept from its turn.
    inTurn = turn.catch(() => undefined)
    return turn
  }

  async function tellBeginning(): Promise<void> {
    if (isBegun) return
    // Before the journal has anything of this life: a start that is killed in between leaves nothing that nobody ends.
    lifeFile.runs = [...unfinished.map((life) => life.runId), runId]
    lifeFile.save()
    const endMs = found.heardMs ?? startMs
    const ends = unfinished.map((life) => lifeEvent(life.runId, life.next, abortedOf(life, endMs), startMs))
    const beginning = beginningOf(runId, found, startMs, standing())
    // At once, so that what was found is told of every life that did not end.
    const taken = await append([...ends, ...beginning], true)
    isBegun = true
    sequence = beginning.length
    for (const life of unfinished.filter(({ runId, next }) =>
      taken.some(({ event }) => event.id === `${runId}:${next}`)
    )) {
      const next = await nextSequence(journal, life.runId)
      await appendOne(life.runId, next, abortedOf({ ...life, next }, endMs), { isUrgent: true })
    }
  }

  async function tellNext(happened: Happened, options: TellOptions): Promise<Event> {
    await tellBeginning()
    const event = await appendOne(runId, sequence, happened, options)
    sequence = (event.event.sequence ?? sequence) + 1
    return event
  }

  return {
    runId,
    async begin() {
      try {
        await takeTurn(tellBeginning)
      } catch (error) {
        log.warn(
          { err: error },
          'that the service started could not be recorded yet; it will be, before anything else of it'
        )
      }
    },
    tell: (happened, options = {}) => takeTurn(() => tellNext(happened, options)),
    async end(failure) {
      try {
        await takeTurn(async () => {
          await tellBeginning()
          const happened = finishOf(startMs, now(), sequence, failure)
          await appendOne(runId, sequence, happened, { isUrgent: true })
        })
      } catch (error) {
        // The disk is full to the last byte. The service ends all the same.
        log.error(
          { err: error },
          'that the service ends could not be recorded: the next start will say that it was killed'
        )
      }
    }
  }
}

function finishOf(startMs: number, endMs: number, next: number, failure: string | undefined): Happened {
  const duration = Math.max(0, endMs - startMs) * 1_000_000
  return {
    ...{ action: 'run.finished', category: 'process', type: 'end' },
    outcome: failure === undefined ? 'success' : 'failure',
    ...{ start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString() },
    // Beyond 104 days a double no longer counts nanoseconds exactly.
    ...(Number.isSafeInteger(duration) && { duration }),
    run: { status: failure === undefined ? 'success' : 'failed', events: next + 1 },
    ...(failure !== undefined && { fields: { error: { message: failure } } })
  }
}
