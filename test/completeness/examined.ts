import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Examination, type Examined, examine } from '../../server/completeness/examine.ts'
import type { Event } from '../../server/event-types.ts'
import { openDeadLetters } from '../../server/index/dead-letters.ts'
import { openSqliteStore } from '../../server/index/sqlite/store.ts'
import { openQuarantine, type Quarantined } from '../../server/receive/quarantine.ts'
import { batchOf, JOURNAL_ID, RECEIVED_AT, runOfEvents } from '../index/fixtures.ts'
import { temporaryFolder } from '../support/folder.ts'

export const START = RECEIVED_AT / 1_000
export const HOUR_MS = 3_600_000
export const PERIOD = { fromMs: START - HOUR_MS, toMs: START + HOUR_MS }
/** Long after everything was received. */
export const NOW = START + 2 * HOUR_MS

interface Setting extends Partial<Examined> {
  events?: Event[]
  refused?: Partial<Quarantined>[]
  period?: typeof PERIOD
}

/** What is found with a real store, quarantine and dead letters, and an index that is not behind unless it is said. */
export async function found(
  t: TestContext,
  { events = [], refused = [], period = PERIOD, ...more }: Setting
) {
  const folder = temporaryFolder(t)
  const path = join(folder, 'index.sqlite')
  const log = { warn: () => undefined }
  const store = await openSqliteStore({ path, journalId: JOURNAL_ID, journalEnd: 0, log })
  t.after(() => store.close())
  if (events.length > 0) await store.write(batchOf(events))
  const deadLetters = openDeadLetters(join(folder, 'dead-letters.sqlite'))
  t.after(() => deadLetters.close())
  const quarantine = temporaryFolder(t)
  const kept = await openQuarantine(quarantine)
  await kept.add(refused.map(refusedLine))
  await kept.close()
  const of: Examined = {
    ...{ store, deadLetters, quarantine, log: JOURNAL_ID, silentAfterMs: 0 },
    follower: { idle: async () => undefined, lag: 0, lagSeconds: 0 },
    // In which nothing is found: only events that the index refused are looked up.
    journal: { find: async () => undefined },
    now: () => NOW,
    ...more
  }
  return { of, answer: await examine(of, period, new AbortController().signal) }
}

export function refusedLine(changes: Partial<Quarantined>): Quarantined {
  return {
    received: new Date(START).toISOString(),
    ...{ sender: 'ansible', request: 'req-1', code: 'event_invalid', message: 'It is not valid.', line: 1 },
    ...{ content: '{}', encoding: 'utf8' },
    ...changes
  }
}

export function reasonsOf({ unchecked }: Examination): string[] {
  return unchecked.map(({ reason }) => reason)
}

export function iso(ms: number): string {
  return new Date(ms).toISOString()
}

export function cleanRun(): Event[] {
  const run = runOfEvents(START)
  return [run.started(), run.result('web-1', 'ok'), run.finished('success')]
}
