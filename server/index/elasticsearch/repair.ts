import { setTimeout as sleep } from 'node:timers/promises'
import { Fatal } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { IndexRepair, Rewrite, RunCorrection } from '../reconcile/comparable.ts'
import { type BulkItem, verdictOf } from './bulk-answer.ts'
import type { Operation } from './bulk-queue.ts'
import type { ComparedElasticsearch, OpenedIndex } from './comparable.ts'
import { openIndex } from './comparable.ts'
import { documentAt } from './compare-event.ts'
import { foldRun } from './compare-run.ts'
import { reasonOf, statusOf } from './failures.ts'
import { type RunSource, sourceOf } from './run-fold.ts'
import { getDocuments } from './scan.ts'

/** A line of a bulk request, and the document's, if it has one. */
interface Line {
  action: object | string
  source?: string
}

/** Writes to the index, document by document; whoever writes at the same time is not overwritten. */
export async function openElasticsearchRepair(options: ComparedElasticsearch): Promise<IndexRepair> {
  const index = await openIndex(options)
  const { names, expected } = index
  const remove = (places: readonly string[]): Promise<number[]> =>
    send(
      index,
      places.map((place) => ({ action: { delete: documentAt(place) } }))
    )

  return {
    async writeEvents(rewrites) {
      const lines = await overwrites(index, rewrites, ({ event }) => event)
      await send(index, lines)
    },
    async removeEvents(places) {
      await remove(places)
    },
    async writeResults(rewrites) {
      const operations = rewrites.flatMap((rewrite) => expected.operations(rewrite.expected).result ?? [])
      const statuses = await send(
        index,
        operations.map(({ action, source }) => ({ action, source }))
      )
      // Somebody has raised the version of the document, or deleted it: it is written as it is.
      const refused = rewrites.filter((_, at) => statuses[at] === 409)
      const placed = refused.map((rewrite) => {
        const id = expected.operations(rewrite.expected).result?.id ?? ''
        return { ...rewrite, place: `${names.results}/${id}` }
      })
      await send(index, await overwrites(index, placed, ({ result }) => result))
    },
    async removeResults(places) {
      await remove(places)
    },
    rebuildRun: (id, correction) => rebuildRun(index, id, correction),
    async settle() {
      await refresh(index)
    }
  }
}

/** Writes over the documents that are there, each on the condition that nobody writes it meanwhile. */
async function overwrites(
  { client, expected }: OpenedIndex,
  rewrites: readonly Rewrite[],
  pick: (operations: ReturnType<OpenedIndex['expected']['operations']>) => Operation | undefined
): Promise<Line[]> {
  const docs = rewrites.flatMap(({ place }) => (place === undefined ? [] : documentAt(place)))
  const there = new Map((await getDocuments(client, docs)).map((doc) => [`${doc._index}/${doc._id}`, doc]))
  return rewrites.flatMap(({ expected: recorded, place }): Line[] => {
    const operation = pick(expected.operations(recorded))
    if (operation === undefined) return []
    const doc = there.get(place ?? '')
    if (doc === undefined) return [{ action: createOf(operation), source: operation.source }]
    const { _index, _id, _seq_no: if_seq_no, _primary_term: if_primary_term } = doc
    return [{ action: { index: { _index, _id, if_seq_no, if_primary_term } }, source: operation.source }]
  })
}

/** Of a result too: the version of a document that was deleted a moment ago would be in the way of its own. */
function createOf({ id: _id, target: _index, action, isAppend }: Operation): Line['action'] {
  return isAppend ? action : { create: { _index, _id } }
}

/** Returns the status of each line. What was there already, or is gone, is as it should be. */
async function send({ client }: OpenedIndex, lines: readonly Line[]): Promise<number[]> {
  if (lines.length === 0) return []
  let items: Record<string, BulkItem>[]
  try {
    const operations = lines.flatMap(({ action, source }) => [
      typeof action === 'string' ? action : JSON.stringify(action),
      ...(source === undefined ? [] : [source])
    ])
    items = (await client.bulk({ operations })).items as Record<string, BulkItem>[]
  } catch (error) {
    throw explained(error)
  }
  return items.map((item) => {
    const [answer] = Object.values(item)
    if (answer === undefined) throw new Error('the answer to a bulk request lacks an item')
    const verdict = verdictOf(answer)
    // A block on the index is a 403 too.
    if (answer.error?.type === 'security_exception')
      throw lacksRight('reason' in verdict ? verdict.reason : '')
    const isGone = answer.status === 404 && 'delete' in item
    if ('reason' in verdict && !isGone) throw new Fatal(`a document could not be repaired: ${verdict.reason}`)
    return answer.status
  })
}

/** The order is what makes it right: what is in the document is among the events that are searched after it. */
async function rebuildRun(index: OpenedIndex, id: string, correction: RunCorrection): Promise<void> {
  const { client, names } = index
  for (let look = 1; look <= limits.reconcileLooksMax; look++) {
    const [found] = await getDocuments<RunSource>(client, [{ _index: names.runs, _id: id }])
    await refresh(index)
    const { fold, events } = await foldRun(index, id, correction)
    const place = { _index: names.runs, _id: id }
    const version = found && { if_seq_no: found._seq_no, if_primary_term: found._primary_term }
    if (events === 0 && version === undefined) return
    const line: Line =
      events === 0
        ? { action: { delete: { ...place, ...version } } }
        : {
            action: version === undefined ? { create: place } : { index: { ...place, ...version } },
            source: JSON.stringify(sourceOf(fold))
          }
    const [status] = await send(index, [line])
    if (status !== 409) return
    await sleep(limits.reconcileLookMs)
  }
}

async function refresh({ client, names }: OpenedIndex): Promise<void> {
  try {
    await client.indices.refresh({ index: Object.values(onlyNames(names)), ignore_unavailable: true })
  } catch (error) {
    throw explained(error)
  }
}

function onlyNames({ events, runs, results }: OpenedIndex['names']): Record<string, string> {
  return { events, runs, results }
}

function explained(error: unknown): unknown {
  const reason = reasonOf(error)
  return statusOf(error) === 403 && reason.includes('security_exception') ? lacksRight(reason, error) : error
}

function lacksRight(reason: string, cause?: unknown): Fatal {
  return new Fatal(
    `the API key may not repair: ${reason}.\nThe service's own key may only add. Make one for the repair as docs/elasticsearch.md says ` +
      '(server/index/elasticsearch/api-keys/repair.json), name it with --elasticsearch-api-key-file, and delete it afterwards.',
    { cause }
  )
}
