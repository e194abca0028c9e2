import { randomUUID } from 'node:crypto'
import { SERVER_SENDER } from './access.ts'
import type { Event } from './event-types.ts'
import type { Appended, Journal } from './journal/journal.ts'

/** Something that happened to the service itself. It belongs to no run. */
export function ownEvent(
  about: { action: Event['event']['action']; type: 'error' | 'info'; start?: string; end?: string },
  nowMs: number,
  fields: Partial<Event>
): Event {
  return {
    '@timestamp': new Date(nowMs).toISOString(),
    event: {
      id: `server:${randomUUID()}`,
      dataset: 'playtrail.service',
      provider: 'server',
      kind: 'event',
      ...about,
      type: [about.type],
      ...(about.type === 'error' && { outcome: 'failure' })
    },
    ...fields
  }
}

/** Appends an event of the server's own, which goes the way of all events. `isUrgent`: also where there is no room for others. */
export function appendOwn(
  journal: Pick<Journal, 'append'>,
  event: Event,
  nowMs: number,
  options: { isUrgent?: boolean } = {}
): Promise<Appended> {
  const entry = { eventId: event.event.id, payload: Buffer.from(JSON.stringify(event)) }
  return journal.append([entry], SERVER_SENDER, nowMs * 1_000, options)
}
