import type { Client, estypes } from '@elastic/elasticsearch'
import { limits } from '../../limits.ts'
import type { BulkWriter } from './bulk.ts'
import type { Operation } from './bulk-queue.ts'
import { documentIn } from './documents-by-id.ts'
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
  failed(error: unknown): void
}

/** A run's document as it is in the index, if it is there. */
interface Known {
  /** Absent where somebody else wrote the document. */
  fold: RunFold | undefined
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
    while (pending.size > 0) {
      const round = new Map([...pending].slice(0, limits.runsOfBulkMax))
      for (const id of round.keys()) pending.delete(id)
      try {
        await writeRound(round)
      } catch (error) {
        // Whoever waits hears of it: nobody else would take these up again.
        for (const { failed } of [...round.values()].flat()) failed(error)
      }
    }
    isRunning = false
  }

  async function writeRound(round: Map<string, Waiting[]>): Promise<void> {
    const known = await bulk.ask((signal) => readFolds(client, index, [...round.keys()], signal))
    const operations: Operation[] = []
    for (const [id, waiting] of round) {
      const folded = foldInto(names, id, known.get(id), waiting)
      if (folded.kind === 'write') operations.push(folded.operation)
      else settle(waiting, folded.reason)
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
      if (signal?.aborted) giveUp()
      signal?.addEventListener('abort', giveUp, { once: true })
      for (const change of changes) {
        const done = (reason: string | undefined): void => {
          if (reason !== undefined) reasons.set(change, reason)
          if (--left === 0) resolve()
        }
        const waiting = { change, done, failed: reject }
        const others = pending.get(change.runId)
        if (others === undefined) pending.set(change.runId, [waiting])
        else others.push(waiting)
      }
      void writeAll()
      try {
        await promise
        return reasons
      } finally {
        signal?.removeEventListener('abort', giveUp)
      }
    }
  }
}

type Folded = { kind: 'write'; operation: Operation } | { kind: 'done'; reason: string | undefined }

/** What is to be done for a run's changes: write its document anew, or nothing; with the reason if it can never be. */
function foldInto(
  names: WriteNames,
  id: string,
  known: Known | undefined,
  waiting: readonly Waiting[]
): Folded {
  const { fold, version } = known ?? { fold: emptyFold(id), version: undefined }
  if (fold === undefined)
    return { kind: 'done', reason: `the document ${id} in ${names.runs} is not of Playtrail: delete it` }
  try {
    const changes = waiting.map(({ change }) => change)
    if (!addChanges(fold, changes)) return { kind: 'done', reason: undefined }
    const gaps = Object.values(fold.counted).reduce((sum, ranges) => sum + ranges.length, 0)
    if (gaps > limits.runGapsMax)
      return {
        kind: 'done',
        reason: `its run has more than ${limits.runGapsMax} gaps in the numbers of its events`
      }
    return { kind: 'write', operation: operationOf(names, id, fold, version) }
  } catch (error) {
    // An event of a form that no sender writes must not hold up those of other runs.
    return { kind: 'done', reason: `its run cannot be told: ${String(error)}` }
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
async function readFolds(
  client: Client,
  index: string,
  ids: string[],
  signal: AbortSignal
): Promise<Map<string, Known>> {
  const { docs } = await client.mget<RunSource>({ index, ids, _source: ['playtrail.fold'] }, { signal })
  return new Map(docs.flatMap((doc) => knownOf(doc)))
}

function knownOf(item: estypes.MgetResponseItem<RunSource>): [string, Known][] {
  const doc = documentIn(item)
  if (doc === undefined) return []
  // Whatever it is, it is not of our making only because its type says so.
  const fold = (doc._source as Partial<RunSource> | undefined)?.playtrail?.fold
  const version = { if_seq_no: doc._seq_no ?? 0, if_primary_term: doc._primary_term ?? 1 }
  return [[doc._id, { fold, version }]]
}
