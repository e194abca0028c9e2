import { hash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Event } from '../event-types.ts'
import type { Journal } from '../journal/journal.ts'
import { limits } from '../limits.ts'
import { appendOwn, ownEvent } from '../own-event.ts'

const MINUTE_MS = 60_000

/** An event that was refused, since its id is that of an acknowledged one with other bytes. */
export interface Conflict {
  eventId: string
  sender: string
  /** The refused bytes. Of them only the hash goes into the journal. */
  payload: Buffer
}

/** Records in the journal who used an id again: a mistake of a sender, or somebody who wants to change what is known. */
export interface ConflictRecorder {
  /**
   * Resolves when the conflicts are on disk, as far as they are recorded: so many a minute, so that nobody fills the disk with
   * them. How many more there were is told with the last one of that minute.
   */
  add(conflicts: readonly Conflict[]): Promise<void>
  /** Tells what was only counted so far. */
  close(): Promise<void>
}

export interface ConflictOptions {
  journal: Pick<Journal, 'append' | 'find'>
  log: Pick<Logger, 'warn' | 'error'>
  now?: () => number
}

export function recordConflicts({ journal, log, now = Date.now }: ConflictOptions): ConflictRecorder {
  let minute: NodeJS.Timeout | undefined
  let recorded = 0
  let last: Conflict | undefined
  let suppressed = 0

  const record = async (conflict: Conflict, more: number): Promise<void> => {
    const fields = await fieldsOf(journal, conflict, more)
    const atMs = now()
    await appendOwn(journal, ownEvent({ action: 'event.conflict', type: 'error' }, atMs, fields), atMs)
    log.warn(fields.conflict, 'an event id was used again, with other content, which was refused')
  }
  const endMinute = async (): Promise<void> => {
    clearTimeout(minute)
    minute = undefined
    recorded = 0
    const [conflict, more] = [last, suppressed - 1]
    last = undefined
    suppressed = 0
    if (conflict !== undefined) await record(conflict, more)
  }
  const endMinuteOrLog = async (): Promise<void> => {
    try {
      await endMinute()
    } catch (error) {
      log.error({ err: error }, 'conflicts that were only counted could not be recorded')
    }
  }

  return {
    async add(conflicts) {
      for (const conflict of conflicts) {
        minute ??= setTimeout(() => void endMinuteOrLog(), MINUTE_MS)
        if (recorded < limits.conflictEventsPerMinuteMax) {
          recorded += 1
          await record(conflict, 0)
        } else {
          last = conflict
          suppressed += 1
        }
      }
    },
    close: endMinuteOrLog
  }
}

async function fieldsOf(
  journal: Pick<Journal, 'find'>,
  { eventId, sender, payload }: Conflict,
  suppressed: number
): Promise<Pick<Event, 'conflict'>> {
  const kept = await journal.find(eventId)
  if (kept === undefined) throw new Error(`${eventId} is in conflict with a record that is not there`)
  return {
    conflict: {
      event_id: eventId,
      sender,
      hash: hash('sha256', payload),
      kept_index: kept.index,
      kept_sender: kept.sender,
      kept_hash: hash('sha256', kept.payload),
      ...(suppressed > 0 && { suppressed })
    }
  }
}
