import type { Logger } from 'pino'
import { SERVER_SENDER } from '../access.ts'
import type { Event } from '../event-types.ts'
import type { Journal } from '../journal/journal.ts'
import { type Happened, lifeEvent } from './event.ts'
import { nextSequence } from './predecessor.ts'

export interface TellOptions {
  /** Also where there is no room for other events. */
  isUrgent?: boolean
  /** When it happened, in milliseconds since 1970; now, if it is not said. */
  atMs?: number
  /** Called with the id that the event is to get, before it is appended; what it throws, `tell` rejects with. */
  onId?: (eventId: string) => void
}

/** Puts events of lives into the journal. */
export interface Appending {
  /** All or none. Returns those whose id is taken by something else. */
  append(events: readonly Event[], isUrgent: boolean): Promise<Event[]>
  /** Where a sender has used an id of ours, which is no honest mistake, the next free one is taken. */
  appendOne(runId: string, next: number, happened: Happened, options: TellOptions): Promise<Event>
}

export function createAppending({
  journal,
  log,
  now
}: {
  journal: Pick<Journal, 'append' | 'find'>
  log: Pick<Logger, 'error'>
  now: () => number
}): Appending {
  const append: Appending['append'] = async (events, isUrgent) => {
    const entries = events.map((event) => ({
      eventId: event.event.id,
      payload: Buffer.from(JSON.stringify(event))
    }))
    const { conflicts } = await journal.append(entries, SERVER_SENDER, now() * 1_000, { isUrgent })
    return events.filter((_event, position) => conflicts.includes(position))
  }

  const appendOne: Appending['appendOne'] = async (runId, next, happened, options) => {
    const { isUrgent = false, atMs = now(), onId } = options
    const event = lifeEvent(runId, next, happened, atMs)
    onId?.(event.event.id)
    const [taken] = await append([event], isUrgent)
    if (taken === undefined) return event
    log.error({ event_id: event.event.id }, 'a sender has used the id of an event of the service itself')
    return appendOne(runId, await nextSequence(journal, runId), happened, { ...options, atMs })
  }

  return { append, appendOne }
}
