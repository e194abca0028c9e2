import type { JournalBatch } from '../../journal/record.ts'
import type { Refused } from '../store.ts'
import type { BulkWriter } from './bulk.ts'
import type { Outcome } from './bulk-queue.ts'
import type { WriteNames } from './names.ts'
import { operationsOf, type RecordOperations } from './operations.ts'
import type { RunWriter } from './run-writer.ts'
import type { Sendings } from './sendings.ts'

/** Where a batch is written to, and how. */
export interface BatchTarget {
  bulk: BulkWriter
  runs: RunWriter
  names: WriteNames
  sendings: Sendings
  /** The data stream's write index, or an earlier one; '' if nobody knows. */
  writeIndex: string
}

/**
 * Brings the records of a batch into the index: first their events, then the results and runs that those which
 * are there make. A result or a run must not tell of an event that was refused. Returns what was refused.
 */
export async function writeBatch(
  { bulk, runs, names, sendings, writeIndex }: BatchTarget,
  batch: JournalBatch,
  signal: AbortSignal
): Promise<Refused[]> {
  const { records, refused } = operationsOf(batch, names)
  for (const { record, event } of records) {
    // This server may have sent it in an earlier life, and ended before it could say so.
    const sentTo = sendings.sentTo(record)
    if (sentTo !== undefined) event.sentTo = sentTo
  }
  sendings.sending(batch.next, writeIndex)
  const events = await bulk.send(
    records.map(({ event }) => event),
    signal
  )
  const there = records.filter((_, at) => events[at]?.kind !== 'refused')
  const results = there.flatMap((record) =>
    record.result === undefined ? [] : [[record, record.result] as const]
  )
  const changes = there.flatMap(({ record, event, change }) =>
    change === undefined ? [] : [{ record, eventId: event.id, change }]
  )
  const [written, unfolded] = await Promise.all([
    bulk.send(
      results.map(([, result]) => result),
      signal
    ),
    runs.write(
      changes.map(({ change }) => change),
      signal
    )
  ])
  refused.push(...refusedOf(records, events))
  refused.push(
    ...refusedOf(
      results.map(([record]) => record),
      written
    )
  )
  for (const { record, eventId, change } of changes) {
    const reason = unfolded.get(change)
    if (reason !== undefined) refused.push({ index: record, eventId, reason })
  }
  return onePerRecord(refused)
}

function refusedOf(records: readonly RecordOperations[], outcomes: readonly Outcome[]): Refused[] {
  return records.flatMap(({ record, event }, at) => {
    const outcome = outcomes[at]
    return outcome?.kind === 'refused' ? [{ index: record, eventId: event.id, reason: outcome.reason }] : []
  })
}

/** In the order of the journal; of several reasons the first. */
function onePerRecord(refused: readonly Refused[]): Refused[] {
  const first = new Map<number, Refused>()
  for (const one of refused) if (!first.has(one.index)) first.set(one.index, one)
  return [...first.values()].sort((one, other) => one.index - other.index)
}
