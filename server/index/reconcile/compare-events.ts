import type { JournalRecord } from '../../journal/record.ts'
import type { Found, Recorded } from './comparable.ts'
import { type Comparison, isAhead } from './comparison.ts'
import { recordedOf, recordsBetween } from './sources.ts'

/** Finds every event that differs, and every document of one that the journal knows nothing of. */
export async function compareEvents(comparison: Comparison): Promise<void> {
  const { journal, index, findings, first, next, isWhole, onProgress } = comparison
  for await (const records of recordsBetween(journal, first, next)) {
    await compareRecords(comparison, records)
    onProgress('events', (records.at(-1)?.index ?? first) + 1 - first, next - first)
  }
  if (isWhole) {
    for await (const found of index.eventsOutside(next)) {
      if (await isAhead(comparison, found.record)) continue
      findings.astray(found.place, found.id, found.isUnclaimed)
    }
  }
  await settleAstray(comparison)
}

async function compareRecords(comparison: Comparison, records: readonly JournalRecord[]): Promise<void> {
  const { index, findings } = comparison
  const [{ index: first } = { index: 0 }] = records
  const wanted = new Map<number, Recorded>()
  for (const record of records) {
    const recorded = recordedOf(record)
    if (recorded === undefined) findings.event({ kind: 'dead', id: record.eventId, record: record.index })
    else wanted.set(record.index, recorded)
  }
  const seen = new Set<number>()
  for await (const found of index.events(first, first + records.length)) {
    const expected = wanted.get(found.record ?? -1)
    if (expected === undefined || expected.record.eventId !== found.id) {
      findings.astray(found.place, found.id, found.isUnclaimed)
      continue
    }
    compareOne(comparison, expected, found, seen.has(expected.record.index))
    seen.add(expected.record.index)
  }
  const absent = [...wanted.values()].filter(({ record }) => !seen.has(record.index))
  await lookElsewhere(comparison, absent)
  await findCopies(
    comparison,
    [...wanted.values()].filter(({ record }) => seen.has(record.index))
  )
}

function compareOne(
  { index, findings, isDeadLetter }: Comparison,
  expected: Recorded,
  found: Found,
  isDouble: boolean
): void {
  const { record, columns } = expected
  const fields = index.compareEvent(expected, found)
  const { id, place } = found
  if (!isDouble && fields.length === 0) {
    // Its event is there, its result or its run was refused: the run does not count it.
    if (isDeadLetter(record))
      findings.event({ kind: 'dead', id, record: record.index, place, run: columns.runId })
    return
  }
  const kind = isDouble ? 'doubled' : 'changed'
  findings.event({ kind, id, record: record.index, place, run: columns.runId }, fields)
}

/**
 * What does not lie under its record may have come through another server, may say that it is another record's,
 * or may have been written a moment ago.
 */
async function lookElsewhere(comparison: Comparison, absent: readonly Recorded[]): Promise<void> {
  const { index, findings } = comparison
  if (absent.length === 0) return
  const found = Map.groupBy(
    await index.eventsById(absent.map(({ record }) => record.eventId)),
    ({ id }) => id
  )
  for (const expected of absent) {
    const { record, columns } = expected
    const event = { id: record.eventId, record: record.index, run: columns.runId }
    const copies = found.get(record.eventId) ?? []
    const best = copies.find((copy) => index.compareEvent(expected, copy).length === 0) ?? copies[0]
    if (best === undefined) {
      findings.event({ kind: kindOfAbsent(comparison, expected), ...event })
      continue
    }
    compareOne(comparison, expected, best, false)
    if (index.isOfOther(best)) findings.event({ kind: 'elsewhere', ...event })
    for (const copy of copies) if (copy !== best) compareOne(comparison, expected, copy, true)
  }
}

function kindOfAbsent(
  { isDeadLetter, expiry }: Comparison,
  recorded: Recorded
): 'dead' | 'expired' | 'missing' {
  if (isDeadLetter(recorded.record)) return 'dead'
  return expiry.hasEvent(recorded) ? 'expired' : 'missing'
}

async function findCopies(comparison: Comparison, seen: readonly Recorded[]): Promise<void> {
  if (seen.length === 0) return
  const byId = new Map(seen.map((expected) => [expected.record.eventId, expected]))
  for (const copy of await comparison.index.copies([...byId.keys()])) {
    const expected = byId.get(copy.id)
    if (expected !== undefined) compareOne(comparison, expected, copy, true)
  }
}

/**
 * A document under the wrong number is one of an event that the journal has elsewhere, or of none. Only where there
 * are such documents is the journal read once more.
 */
async function settleAstray(comparison: Comparison): Promise<void> {
  const { journal, index, findings, first, next } = comparison
  if (findings.hasAstray) {
    for await (const records of recordsBetween(journal, 0, journal.end)) {
      for (const record of records) {
        const astray = findings.astrayById(record.eventId).filter(({ place }) => !findings.isNamed(place))
        const expected = astray.length === 0 ? undefined : recordedOf(record)
        if (expected === undefined) continue
        const places = new Set(astray.map(({ place }) => place))
        const isCompared = record.index >= first && record.index < next
        const copies = await index.eventsById([record.eventId])
        let isThere = isCompared || copies.some(({ place }) => !places.has(place))
        for (const copy of copies.filter(({ place }) => places.has(place))) {
          compareOne(comparison, expected, copy, isThere)
          isThere = true
        }
      }
    }
  }
  findings.endAstray()
}
