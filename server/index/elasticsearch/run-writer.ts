import type { Client, estypes } from '@elastic/elasticsearch'
import { limits } from '../../limits.ts'
import type { BulkWriter, Operation } from './bulk.ts'
import type { WriteNames } from './names.ts'
import { addChanges, emptyFold, type RunChange, type RunFold, type RunSource, sourceOf } from './run-fold.ts'

/** Brings the documents of runs up to date, whoever else does so at the same time. */
export interface RunWriter {
  /**
   * Resolves when all changes are in the documents of their runs; with the reasons of those that can never be,
   * by the change. Rejects only if the signal is aborted, or on the end of the bulk writer.
   */
  write(changes: readonly RunChange[], signal?: AbortSignal): Promise<Map<RunChange, string>>
}

/** A run's changes that wait, and who waits for them. */
interface Waiting {
  change: RunChange
  done(reason: string | undefined): void
}

/** A run's document as it is in the index, if it is there. */
interface Known {
  fold: RunFold
  version: { if_seq_no: number; if_primary_term: number } | undefined
}

/**
 * Reads documents, adds what is new and writes them back, each on the condition that nobody has written it in
 * between ("optimistic concurrency control"); whoever comes second reads again. What comes in meanwhile shares
 * the next round.
 */
export function openRunWriter(client: Client, bulk: BulkWriter, names: WriteNames): RunWriter {
  const index = names.runs
  const pending = new Map<string, Waiting[]>()
  let isRunning = false

  async function writeAll(): Promise<void> {
    if (isRunning) return
    isRunning = true
    try {
      while (pending.size > 0) {
        const round = [...pending].slice(0, limits.runsOfBulkMax)
        for (const [id] of round) pending.delete(id)
        await writeRound(new Map(round))
      }
    } finally {
      isRunning = false
    }
  }

  async function writeRound(round: Map<string, Waiting[]>): Promise<void> {
    const known = await bulk.ask(() => readFolds(client, index, [...round.keys()]))
    const operations: Operation[] = []
    for (const [id, waiting] of round) {
      const { fold, version } = known.get(id) ?? { fold: emptyFold(id), version: undefined }
      const isNew = addChanges(
        fold,
        waiting.map(({ change }) => change)
      )
      const gaps = Object.values(fold.counted).reduce((sum, ranges) => sum + ranges.length, 0)
      if (!isNew) settle(waiting, undefined)
      else if (gaps > limits.runGapsMax)
        settle(waiting, `its run has more than ${limits.runGapsMax} gaps in the numbers of its events`)
      else operations.push(operationOf(names, id, fold, version))
    }
    const outcomes = await bulk.send(operations)
    for (const [at, { id }] of operations.entries()) {
      const outcome = outcomes[at]
      const waiting = round.get(id) ?? []
      if (outcome?.kind === 'refused') settle(waiting, `the document of its run: ${outcome.reason}`)
      // Somebody else was faster.
      else if (outcome?.kind === 'present') pending.set(id, [...waiting, ...(pending.get(id) ?? [])])
      else settle(waiting, undefined)
    }
  }

  return {
    async write(changes, signal) {
      const reasons = new Map<RunChange, string>()
      let left = changes.length
      if (left === 0) return reasons
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const giveUp = (): void => reject(new Error('writing to Elasticsearch was stopped'))
      signal?.addEventListener('abort', giveUp, { once: true })
      for (const change of changes) {
        const done = (reason: string | undefined): void => {
          if (reason !== undefined) reasons.set(change, reason)
          if (--left === 0) resolve()
        }
        const waiting = pending.get(change.runId)
        if (waiting === undefined) pending.set(change.runId, [{ change, done }])
        else waiting.push({ change, done })
      }
      writeAll().catch(reject)
      try {
        await promise
        return reasons
      } finally {
        signal?.removeEventListener('abort', giveUp)
      }
    }
  }
}

function settle(waiting: readonly Waiting[], reason: string | undefined): void {
  for (const { done } of waiting) done(reason)
}

function operationOf(
  { runs: index, isAliasRequired }: WriteNames,
  id: string,
  fold: RunFold,
  version: Known['version']
): Operation {
  const place = { _index: index, _id: id, require_alias: isAliasRequired }
  const action = version === undefined ? { create: place } : { index: { ...place, ...version } }
  return {
    id,
    target: index,
    action: JSON.stringify(action),
    source: JSON.stringify(sourceOf(fold)),
    isAppend: false
  }
}

/** The runs that are in the index. Documents are got by id, which sees also what is not searchable yet. */
async function readFolds(client: Client, index: string, ids: string[]): Promise<Map<string, Known>> {
  const { docs } = await client.mget<RunSource>({ index, ids, _source: ['playtrail.fold'] })
  return new Map(docs.flatMap((doc) => knownOf(doc)))
}

function knownOf(doc: estypes.MgetResponseItem<RunSource>): [string, Known][] {
  if ('error' in doc) {
    if (doc.error.type === 'index_not_found_exception') return []
    throw new Error(`${doc._index}: ${doc.error.type}: ${doc.error.reason}`)
  }
  const fold = doc._source?.playtrail.fold
  if (!doc.found || fold === undefined) return []
  const version = { if_seq_no: doc._seq_no ?? 0, if_primary_term: doc._primary_term ?? 1 }
  return [[doc._id, { fold, version }]]
}
