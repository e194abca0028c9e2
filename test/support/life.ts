import { pino } from 'pino'
import type { DataFolder } from '../../server/data-folder.ts'
import type { Event } from '../../server/event-types.ts'
import type { Journal } from '../../server/journal/journal.ts'
import type { JournalRecord } from '../../server/journal/record.ts'
import { type Life, type LifeOptions, openLife } from '../../server/life/life.ts'
import { openLifeFile } from '../../server/life/life-file.ts'

/** Records that a start of the service puts into a journal in which nothing was, and a stop behind them. */
export const START_RECORDS = 1
export const STOP_RECORDS = 1

/** A life in a test's own journal. */
export function lifeIn(
  folder: DataFolder,
  journal: Journal,
  options: Partial<LifeOptions> = {}
): Promise<Life> {
  return openLife({
    journal,
    lifeFile: openLifeFile(folder.life),
    log: pino({ level: 'silent' }),
    standing: () => undefined,
    sealedEnd: 0,
    ...options
  })
}

/** What the service told of itself, beyond that it started and stopped. */
export function toldOf(records: readonly JournalRecord[]): Event[] {
  return lifeOf(records).filter(({ event }) => !/^run\.|^service\./.test(event.action))
}

/** Everything that the service told of itself. */
export function lifeOf(records: readonly JournalRecord[]): Event[] {
  return records
    .filter(({ sender }) => sender === 'server')
    .map(({ payload }) => JSON.parse(payload.toString()) as Event)
    .filter(({ event }) => event.dataset === 'playtrail.service')
}

/** What came from senders. */
export function withoutLife<Item extends { run?: { kind?: string } }>(items: readonly Item[]): Item[] {
  return items.filter(({ run }) => run?.kind !== 'service')
}
