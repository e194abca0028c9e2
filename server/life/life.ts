import { userInfo } from 'node:os'
import type { Logger } from 'pino'
import { SERVER_SENDER } from '../access.ts'
import type { Event } from '../event-types.ts'
import { newRunId, timeOfRunId } from '../index/run-id.ts'
import type { Journal } from '../journal/journal.ts'
import { version } from '../version.ts'
import { type Happened, lifeEvent } from './event.ts'
import type { LifeFile } from './life-file.ts'
import { lastReceivedMs, nextSequence, type Unfinished, unfinishedLife } from './predecessor.ts'

export interface TellOptions {
  /** Also where there is no room for other events. */
  isUrgent?: boolean
  /** When it happened, in milliseconds since 1970; now, if it is not said. */
  atMs?: number
  /** Called with the id that the event is to get, before it is appended; what it throws, `tell` rejects with. */
  onId?: (eventId: string) => void
}

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
  const found = { records: journal.end, unsealed: Math.max(0, journal.end - sealedEnd) }
  const before = await Promise.all(lifeFile.runs.map((run) => unfinishedLife(journal, run)))
  const unfinished = before.filter((life) => life !== undefined)
  const heardMs = await lastReceivedMs(journal)
  const startMs = now()
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

  async function append(events: readonly Event[], isUrgent: boolean): Promise<Event[]> {
    const entries = events.map((event) => ({
      eventId: event.event.id,
      payload: Buffer.from(JSON.stringify(event))
    }))
    const { conflicts } = await journal.append(entries, SERVER_SENDER, now() * 1_000, { isUrgent })
    return events.filter((_event, position) => conflicts.includes(position))
  }

  /** Where a sender has used an id of ours, which is no honest mistake, the next free one is taken. */
  async function appendOne(
    runId: string,
    next: number,
    happened: Happened,
    { isUrgent = false, atMs = now(), onId }: TellOptions
  ): Promise<Event> {
    const event = lifeEvent(runId, next, happened, atMs)
    onId?.(event.event.id)
    const [taken] = await append([event], isUrgent)
    if (taken === undefined) return event
    log.error({ event_id: event.event.id }, 'a sender has used the id of an event of the service itself')
    return appendOne(runId, await nextSequence(journal, runId), happened, {
      isUrgent,
      atMs,
      ...(onId && { onId })
    })
  }

  async function tellBeginning(): Promise<void> {
    if (isBegun) return
    // Before the journal has anything of this life: a start that is killed in between leaves nothing that nobody ends.
    lifeFile.runs = [...unfinished.map((life) => life.runId), runId]
    lifeFile.save()
    const isRecovered = unfinished.length > 0 || journal.cutBytes > 0
    const started = lifeEvent(runId, 0, startOf(startMs, standing()), startMs)
    const recovered = lifeEvent(
      runId,
      1,
      recoveredOf(unfinished, { ...found, cut_bytes: journal.cutBytes }),
      startMs
    )
    const ends = unfinished.map((life) =>
      lifeEvent(life.runId, life.next, abortedOf(life, heardMs ?? startMs), startMs)
    )
    // At once, so that what was found is told of every life that did not end.
    const taken = await append([...ends, started, ...(isRecovered ? [recovered] : [])], true)
    isBegun = true
    sequence = isRecovered ? 2 : 1
    for (const life of unfinished.filter(({ runId, next }) =>
      taken.some(({ event }) => event.id === `${runId}:${next}`)
    )) {
      const next = await nextSequence(journal, life.runId)
      await appendOne(life.runId, next, abortedOf({ ...life, next }, heardMs ?? startMs), { isUrgent: true })
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

function startOf(startMs: number, service: Event['service']): Happened {
  return {
    ...{ action: 'run.started', category: 'process', type: 'start', start: new Date(startMs).toISOString() },
    run: { status: 'running' },
    fields: {
      user: accountOf(),
      process: { pid: process.pid, working_directory: process.cwd() },
      agent: { name: 'playtrail', version },
      ...(service !== undefined && { service })
    }
  }
}

function recoveredOf(
  unfinished: readonly Unfinished[],
  counts: Omit<NonNullable<Event['recovered']>, 'run_id'>
): Happened {
  const last = unfinished.at(-1)
  return {
    ...{ action: 'service.recovered', category: 'process', type: 'info' },
    fields: { recovered: { ...(last !== undefined && { run_id: last.runId }), ...counts } }
  }
}

function abortedOf({ runId, next }: Unfinished, heardMs: number): Happened {
  const end = new Date(heardMs).toISOString()
  return {
    ...{ action: 'run.aborted', category: 'process', type: 'end', outcome: 'unknown' },
    ...{ start: timeOfRunId(runId), end },
    run: { status: 'aborted', reason: 'killed', events: next + 1 },
    fields: {
      error: {
        message: `The service ended without saying so: it was killed, its disk failed, or the machine stopped. It received its last record at ${end}.`
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

/** The account that the service runs as; one that has no name in this system has its number. */
function accountOf(): NonNullable<Event['user']> {
  try {
    const { username, uid } = userInfo()
    return { name: username, id: String(uid), origin: 'uid' }
  } catch {
    const id = String(process.getuid?.() ?? 'unknown')
    return { name: id, id, origin: 'uid' }
  }
}
