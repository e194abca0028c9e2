import { createHash } from 'node:crypto'
import type { DataFolder } from '../../server/data-folder.ts'
import type { Event } from '../../server/event-types.ts'
import type { ComparableIndex, IndexRepair } from '../../server/index/reconcile/comparable.ts'
import type { Difference } from '../../server/index/reconcile/difference.ts'
import { type Reconciled, type ReconcileOptions, reconcile } from '../../server/index/reconcile/reconcile.ts'
import type { Store } from '../../server/index/store.ts'
import { openJournalFiles } from '../../server/journal/read-only.ts'
import type { Ending } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { journalIn } from '../support/journal.ts'
import { receivedAt, runOfEvents } from './fixtures.ts'

export const START = Date.UTC(2026, 10, 5, 9, 30)

/** A journal on disk with these events. */
export async function recorded(t: Ending, events: readonly (Event | string)[]): Promise<DataFolder> {
  const { folder, journal } = await journalIn(temporaryFolder(t))
  for (let at = 0; at < events.length; at += 100) {
    const entries = events.slice(at, at + 100).map((event, offset) => ({
      eventId: typeof event === 'string' ? `no-event-${at + offset}` : event.event.id,
      payload: Buffer.from(typeof event === 'string' ? event : JSON.stringify(event))
    }))
    await journal.append(entries, 'control-1', receivedAt(at))
  }
  await journal.close()
  return folder
}

/** Brings the journal into a store, up to `next`, as the follower does. */
export async function indexInto(
  store: Store,
  folder: DataFolder,
  next = Number.POSITIVE_INFINITY
): Promise<void> {
  const journal = await openJournalFiles(folder)
  await store.cursor()
  let position = 0
  while (position < Math.min(next, journal.end)) {
    const batch = await journal.read(position)
    if (batch === undefined) break
    position = batch.next
    await store.write(batch)
  }
  await store.moveCursor(Math.min(next, position))
  await journal.close()
}

/** `count` runs, each with results on two hosts, one of them twice, whose events are written in turns. */
export function eventsOfRuns(count: number, tasks = 3): Event[] {
  const runs = Array.from({ length: count }, (_, which) => {
    const run = runOfEvents(START, { which, name: `site-${which}.yml` })
    const results = Array.from({ length: tasks }, (_, task) => [
      timed(run.result('web-1', 'ok', `task ${task}`)),
      timed(run.result('web-2', task % 2 === 0 ? 'changed' : 'failed', `task ${task}`))
    ])
    return [
      run.started(),
      ...results.flat(),
      run.result('web-1', 'changed', 'task 0'),
      run.finished('changed')
    ]
  })
  const longest = Math.max(...runs.map((events) => events.length))
  return Array.from({ length: longest }, (_, at) => runs.flatMap((events) => events[at] ?? [])).flat()
}

/** With what trends are made of. */
function timed(event: Event): Event {
  const { task } = event.ansible ?? {}
  if (task === undefined) throw new Error('a result has a task')
  const key = createHash('sha1').update(task.name).digest('hex')
  const duration = 1_000_000 * ((event.event.sequence ?? 0) + 1)
  return {
    ...event,
    event: { ...event.event, duration },
    ansible: { ...event.ansible, task: { ...task, key } }
  }
}

export interface Compared extends Reconciled {
  told: Difference[]
}

export async function compare(
  folder: DataFolder,
  index: ComparableIndex,
  options: Partial<ReconcileOptions> & { repair?: IndexRepair } = {}
): Promise<Compared> {
  const told: Difference[] = []
  const openJournal = () => openJournalFiles(folder)
  const onDifference = (difference: Difference): void => void told.push(difference)
  return { ...(await reconcile({ index, openJournal, onDifference, ...options })), told }
}

/** How many differences are left. */
export function left({ differences }: Reconciled): number {
  return Object.values(differences).reduce((sum, count) => sum + count, 0)
}

/** What is told in short, in the order of the alphabet. */
export function inShort(told: readonly Difference[]): string[] {
  return told.map(({ document, kind, id }) => `${document} ${kind} ${id}`).sort()
}
