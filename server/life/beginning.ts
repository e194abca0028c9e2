import { userInfo } from 'node:os'
import type { Event } from '../event-types.ts'
import { timeOfRunId } from '../index/run-id.ts'
import type { Journal } from '../journal/journal.ts'
import { version } from '../version.ts'
import { type Happened, lifeEvent } from './event.ts'
import type { LifeFile } from './life-file.ts'
import { lastReceivedMs, type Unfinished, unfinishedLife } from './predecessor.ts'

/** What a start finds of those before it. */
export interface Found {
  /** Lives that did not say that they ended, the newest last. */
  unfinished: readonly Unfinished[]
  /** When the journal's last record was received, in milliseconds since 1970; undefined if it has none. */
  heardMs: number | undefined
  counts: Omit<NonNullable<Event['recovered']>, 'run_id'>
}

export async function lookBack(
  journal: Pick<Journal, 'cutBytes' | 'end' | 'find' | 'read'>,
  lifeFile: LifeFile,
  sealedEnd: number
): Promise<Found> {
  const counts = {
    ...{ records: journal.end, unsealed: Math.max(0, journal.end - sealedEnd) },
    cut_bytes: journal.cutBytes
  }
  const before = await Promise.all(lifeFile.runs.map((run) => unfinishedLife(journal, run)))
  const unfinished = before.filter((life) => life !== undefined)
  return { unfinished, heardMs: await lastReceivedMs(journal), counts }
}

/** The first events of a life: that it started, and what it recovered, if there was something to recover. */
export function beginningOf(
  runId: string,
  { unfinished, counts }: Found,
  startMs: number,
  service: Event['service']
): Event[] {
  const started = lifeEvent(runId, 0, startOf(startMs, service), startMs)
  if (unfinished.length === 0 && counts.cut_bytes === 0) return [started]
  return [started, lifeEvent(runId, 1, recoveredOf(unfinished, counts), startMs)]
}

/** The last event of a life that did not end, told by the next one. */
export function abortedOf({ runId, next }: Unfinished, heardMs: number): Happened {
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

function recoveredOf(unfinished: readonly Unfinished[], counts: Found['counts']): Happened {
  const last = unfinished.at(-1)
  return {
    ...{ action: 'service.recovered', category: 'process', type: 'info' },
    fields: { recovered: { ...(last !== undefined && { run_id: last.runId }), ...counts } }
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
