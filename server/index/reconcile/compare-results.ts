import type { JournalRecord } from '../../journal/record.ts'
import type { ExpectedResult, FoundResult, Recorded } from './comparable.ts'
import { type Comparison, isAhead } from './comparison.ts'
import { recordedOf, recordsBetween } from './sources.ts'

interface Wanted {
  recorded: Recorded
  result: ExpectedResult
}

/** Finds every document of a result that is not the one that counts by the journal. */
export async function compareResults(comparison: Comparison): Promise<void> {
  const { journal, index, findings, first, next, isWhole, onProgress } = comparison
  for await (const records of recordsBetween(journal, first, next)) {
    await compareRecords(comparison, records)
    onProgress('results', (records.at(-1)?.index ?? first) + 1 - first, next - first)
  }
  if (isWhole) {
    for await (const found of index.resultsOutside(next)) {
      if (await isAhead(comparison, found.record)) continue
      findings.result(found.id, found)
    }
  }
  await settle(comparison)
}

async function compareRecords(comparison: Comparison, records: readonly JournalRecord[]): Promise<void> {
  const { index, findings } = comparison
  const byRecord = new Map<number, Wanted>()
  const counting = new Map<string, Wanted>()
  for (const record of records) {
    const wanted = wantedOf(comparison, record)
    if (wanted === undefined) continue
    byRecord.set(record.index, wanted)
    // The index may have the result of an event that it refused, or not.
    if (comparison.isDeadLetter(record) || comparison.expiry.hasResult(wanted.recorded)) continue
    const { key, sequence } = wanted.result
    const other = counting.get(key)
    if (other === undefined || sequence > other.result.sequence) counting.set(key, wanted)
  }
  const found = new Map((await index.resultsByKey([...counting.keys()])).map((result) => [result.id, result]))
  for (const [key, wanted] of counting) {
    const there = found.get(key)
    if (there === undefined || isWrong(comparison, wanted, there)) findings.result(key, there)
  }
  const [{ index: first } = { index: 0 }] = records
  for await (const result of index.results(first, first + records.length)) {
    const wanted = byRecord.get(result.record ?? -1)
    const isIts = wanted !== undefined && wanted.result.key === result.id
    if (!isIts || index.compareResult(wanted.recorded, result).length > 0) findings.result(result.id, result)
  }
}

function wantedOf({ index }: Comparison, record: JournalRecord): Wanted | undefined {
  const recorded = recordedOf(record)
  const result = recorded && index.expectedResult(recorded)
  return recorded !== undefined && result !== undefined ? { recorded, result } : undefined
}

/** A later result than the one of this record is compared where its own record comes, here or in another journal. */
function isWrong({ index }: Comparison, { recorded, result }: Wanted, found: FoundResult): boolean {
  if (found.sequence !== result.sequence) return found.sequence < result.sequence
  return index.compareResult(recorded, found).length > 0
}

/** What should be there is only known when all results of the same task on the same host are: one more read. */
async function settle(comparison: Comparison): Promise<void> {
  const { journal, index, findings, isDeadLetter, expiry } = comparison
  if (!findings.hasResults) return
  const next = Math.min(journal.end, await index.cursor())
  for await (const records of recordsBetween(journal, 0, next)) {
    for (const record of records) {
      const wanted = isDeadLetter(record) ? undefined : wantedOf(comparison, record)
      if (wanted !== undefined && !expiry.hasResult(wanted.recorded))
        findings.expectResult(wanted.result, record.index)
    }
  }
  for (const { key, record } of findings.results()) {
    if (record !== null && (await isRightByNow(comparison, key, record))) findings.dropResult(key)
  }
}

/** The index went on meanwhile, and a result of another server may count. */
async function isRightByNow(
  { index, findRecord }: Comparison,
  key: string,
  record: number
): Promise<boolean> {
  const [[found], recorded] = [await index.resultsByKey([key]), await findRecord(record)]
  if (found === undefined || recorded === undefined) return false
  const sequence = index.expectedResult(recorded)?.sequence ?? 0
  if (found.sequence > sequence) return found.isOfOther
  return found.sequence === sequence && index.compareResult(recorded, found).length === 0
}
