import { hostname } from 'node:os'
import type { Event } from '../event-types.ts'

type EventFields = Event['event']

/** Something that happened to the service itself. */
export interface Happened {
  action: EventFields['action']
  type: NonNullable<EventFields['type']>[number]
  category?: NonNullable<EventFields['category']>[number]
  /** `failure` where the type is `error`. */
  outcome?: EventFields['outcome']
  start?: string
  end?: string
  duration?: number
  /** Fields of `run` besides those that every event of a life has. */
  run?: Partial<NonNullable<Event['run']>>
  fields?: Partial<Event>
}

/** What the run of a life is called. */
export const LIFE_NAME = 'playtrail'

/** What happened, as event number `sequence` of the life `runId`: id and number leave no doubt about a gap. */
export function lifeEvent(runId: string, sequence: number, happened: Happened, atMs: number): Event {
  const { action, type, category, start, end, duration, run, fields } = happened
  const outcome = happened.outcome ?? (type === 'error' ? 'failure' : undefined)
  return {
    '@timestamp': new Date(atMs).toISOString(),
    event: {
      id: `${runId}:${sequence}`,
      sequence,
      action,
      dataset: 'playtrail.service',
      provider: 'server',
      kind: 'event',
      ...(category !== undefined && { category: [category] }),
      type: [type],
      ...(outcome !== undefined && { outcome }),
      ...(start !== undefined && { start }),
      ...(end !== undefined && { end }),
      ...(duration !== undefined && { duration })
    },
    run: { id: runId, kind: 'service', name: LIFE_NAME, ...run },
    observer: { hostname: hostname() },
    ...fields
  }
}
