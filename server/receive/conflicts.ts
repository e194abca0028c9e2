import { hash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Event } from '../event-types.ts'
import type { Journal } from '../journal/journal.ts'
import type { Life } from '../life/life.ts'
import { recordPerMinute } from '../life/per-minute.ts'
import { limits } from '../limits.ts'

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
  journal: Pick<Journal, 'find'>
  life: Pick<Life, 'tell'>
  log: Pick<Logger, 'warn' | 'error'>
}

export function recordConflicts({ journal, life, log }: ConflictOptions): ConflictRecorder {
  const recorder = recordPerMinute<Conflict>({
    perMinuteMax: limits.conflictEventsPerMinuteMax,
    log,
    async record(conflict, more) {
      const fields = await fieldsOf(journal, conflict, more)
      await life.tell({ action: 'event.conflict', type: 'error', fields })
      log.warn(fields.conflict, 'an event id was used again, with other content, which was refused')
    }
  })
  return {
    async add(conflicts) {
      for (const conflict of conflicts) await recorder.add(conflict)
    },
    close: () => recorder.close()
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
