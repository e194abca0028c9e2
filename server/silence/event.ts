import type { Event } from '../event-types.ts'
import type { Run } from '../index/store.ts'

/**
 * What the server says of a run that fell silent. `event.end` is when the run was last heard, by the server's
 * clock: the index takes the run for running again as soon as it has something newer of its sender.
 */
export function silentEvent({ run, event, user, observer, playtrail }: Run, nowMs: number): Event {
  const heard = playtrail.last_heard ?? playtrail.last_ingested
  const toTheSecond = heard.replace(/\.\d+Z$/, 'Z')
  const sequence = playtrail.silences
  return {
    '@timestamp': new Date(nowMs).toISOString(),
    event: {
      id: `${run.id}:v${sequence}`,
      sequence,
      action: 'run.aborted',
      dataset: 'ansible.run',
      provider: 'server',
      kind: 'event',
      category: ['configuration'],
      type: ['end'],
      outcome: 'unknown',
      start: event.start,
      end: heard
    },
    run: {
      id: run.id,
      ...(run.name !== undefined && { name: run.name }),
      status: 'aborted',
      reason: 'silent'
    },
    ...(user?.name !== undefined && { user: { name: user.name } }),
    ...(observer?.hostname !== undefined && { observer: { hostname: observer.hostname } }),
    error: {
      message:
        `Nothing was heard of it for ${timeInWords(nowMs - Date.parse(heard))}; the last event was received at ${toTheSecond}. ` +
        'The controller may be off, or cut off from the network.'
    }
  }
}

/** Never more than it was: `45 seconds`, `15 minutes`, `3 hours`. */
function timeInWords(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 120) return `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`
  const minutes = Math.floor(seconds / 60)
  return minutes < 120 ? `${minutes} minutes` : `${Math.floor(minutes / 60)} hours`
}
