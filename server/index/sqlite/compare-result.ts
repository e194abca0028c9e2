import type { ExpectedResult, FoundResult, Recorded } from '../reconcile/comparable.ts'
import { fieldsThatDiffer } from '../reconcile/fields.ts'

/** A row of `results`, with what its keys stand for. */
export interface ResultRow {
  place: string
  run: string
  host: string
  taskRun: string
  playId: string
  batch: number
  taskId: string
  occurrence: number
  sequence: number
  status: string
  record: number
}

type Identity = [host: string, run: string, playId: string, batch: number, taskId: string, occurrence: number]

export function foundResult(row: ResultRow): FoundResult {
  const { host, taskRun, playId, batch, taskId, occurrence, run, sequence, status, record, place } = row
  return {
    id: JSON.stringify([host, taskRun, playId, batch, taskId, occurrence]),
    ...{ record, place, sequence, status, runId: run },
    document: { run, sequence, status, record },
    ...{ isOfOther: false, isUnclaimed: false }
  }
}

export function expectedResult({ columns: { runId, host, result } }: Recorded): ExpectedResult | undefined {
  if (result === undefined || host === null || runId === null) return undefined
  const { playId, batch, taskId, occurrence, sequence, status } = result
  const key = JSON.stringify([host, runId, playId, batch, taskId, occurrence] satisfies Identity)
  return { key, runId, sequence, status }
}

export function identityOf(key: string): Identity {
  return JSON.parse(key) as Identity
}

export function compareResult({ record, columns }: Recorded, { document }: FoundResult): string[] {
  const { runId: run, result } = columns
  const expected = { run, sequence: result?.sequence, status: result?.status, record: record.index }
  return fieldsThatDiffer({ columns: expected }, { columns: document })
}
