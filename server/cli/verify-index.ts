import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { errors } from '@elastic/elasticsearch'
import Database from 'better-sqlite3'
import type { Config } from '../config.ts'
import type { DataFolder } from '../data-folder.ts'
import { reasonOf } from '../index/elasticsearch/failures.ts'
import { storeName } from '../index/open-store.ts'
import { Uncheckable } from '../index/reconcile/comparable.ts'
import type { Reconciled } from '../index/reconcile/reconcile.ts'
import type { Findings } from '../verify/findings.ts'
import { compareWithIndex } from './compare-with-index.ts'
import type { ProgressLine } from './progress-line.ts'
import { differenceLine } from './reconcile-text.ts'

/** What was compared of the index. */
export interface IndexComparison extends Pick<Reconciled, 'pending' | 'runs' | 'elsewhere' | 'expired'> {
  store: string
  records: number
}

const DAMAGED = new Set(['SQLITE_CORRUPT', 'SQLITE_NOTADB'])

/** Compares the index with the journal, which was found to be what was sealed. `size`: records that were sealed. */
export async function verifyIndex(
  { config, folder, size }: { config: Config; folder: DataFolder; size: number },
  findings: Findings,
  progress: ProgressLine
): Promise<IndexComparison | undefined> {
  const store = storeName(config)
  const file = config.store.kind === 'sqlite' ? folder.index : store
  if (config.store.kind === 'sqlite') checkLength(file, findings)
  try {
    const { next, pending, runs, elsewhere, expired, movingRuns, deadLetters } = await compareWithIndex(
      { config, folder },
      {
        onDifference: (difference) => {
          const { record: leaf } = difference
          findings.add({ part: 'index', message: differenceLine(difference), leaf, file })
        },
        onProgress: (stage, done, total) => progress.show(`Comparing ${stage}`, done, total)
      }
    )
    if (deadLetters > 0)
      findings.add({
        part: 'index',
        message: `the index refused ${deadLetters} events, which are in the journal alone: playtrail dead-letters list`,
        file
      })
    if (next < size)
      findings.unchecked.push(
        `the index has ${next} of ${size} sealed records: it says itself that it is not that far yet`
      )
    if (movingRuns > 0)
      findings.unchecked.push(`${movingRuns} runs could not be compared, since they were being written to`)
    return { store, records: next, pending, runs, elsewhere, expired }
  } catch (error) {
    if (error instanceof Database.SqliteError && DAMAGED.has(error.code)) {
      findings.add({ part: 'index', message: `the file is damaged: ${error.message}`, file })
      return undefined
    }
    if (error instanceof errors.ElasticsearchClientError)
      throw new Uncheckable(reasonOf(error), { cause: error })
    throw error
  }
}

const HEADER_BYTES = 100

/** SQLite looks at a page when it needs it, so that a file whose end is missing answers many questions. */
function checkLength(file: string, findings: Findings): void {
  // What is not in the file may be in the write-ahead log, and a server may be moving it just now.
  if ((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) return
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return
  const handle = openSync(file, 'r')
  try {
    const header = Buffer.alloc(HEADER_BYTES)
    if (readSync(handle, header) < HEADER_BYTES) return
    const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16)
    const expected = pageBytes * header.readUInt32BE(28)
    const { size } = fstatSync(handle)
    if (size < expected)
      findings.add({
        part: 'index',
        message: `the file has ${size} bytes, and its header says ${expected}: its end was cut off`,
        file,
        byte: size
      })
  } finally {
    closeSync(handle)
  }
}
