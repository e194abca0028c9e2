import type { Client, estypes } from '@elastic/elasticsearch'
import { limits } from '../../limits.ts'
import { type ComparableIndex, type Found, Uncheckable } from '../reconcile/comparable.ts'
import { compareSource, Expected, foundEvent, foundResult, isOfOther } from './compare-event.ts'
import { lookAtRun, type RunComparison } from './compare-run.ts'
import { readJournals, unclaimed } from './journals.ts'
import { DEFAULT_NAMESPACE, namesOf, type WriteNames } from './names.ts'
import { expiryOf, keptSince } from './retention.ts'
import { getDocuments, type Hit, openScanner } from './scan.ts'
import { backingIndices } from './sent-before.ts'
import { readCursor, readState } from './state.ts'
import { SETUP_VERSION } from './templates.ts'

export interface ComparedElasticsearch {
  client: Client
  journalId: string
  namespace?: string
}

/** What is known of the index in use. */
export interface OpenedIndex extends RunComparison {
  namespace: string
  generation: number
  names: WriteNames
}

/** Looks at the index in use. Throws Uncheckable if there is none that this version knows. */
export async function openIndex({
  client,
  journalId,
  namespace = DEFAULT_NAMESPACE
}: ComparedElasticsearch): Promise<OpenedIndex> {
  const { generation, setup } = await readState(client, namespace)
  if (setup === 0)
    throw new Uncheckable('Elasticsearch holds no index of Playtrail. Start the service, which makes it.')
  if (setup > SETUP_VERSION)
    throw new Uncheckable(
      `the index was set up by a newer Playtrail (version ${setup}, this one knows ${SETUP_VERSION}). Use that one.`
    )
  const names = { ...namesOf(generation, namespace), isAliasRequired: false }
  await checkMapping(client, names)
  const of = { client, names, namespace, generation, journalId }
  return {
    ...of,
    expected: new Expected(journalId, names),
    async journals() {
      const own = await readCursor(client, namespace, generation, journalId)
      return { ...(await readJournals(client, of, journalId)), ownCursor: own?.cursor ?? 0 }
    }
  }
}

/** What is found by, and how it has to be mapped for that. */
const FOUND_BY = {
  'playtrail.log': 'keyword',
  'playtrail.index': 'long',
  'event.id': 'keyword',
  'run.id': 'keyword'
}

/** Where a field is mapped otherwise, documents that are there would not be found, and pass for missing. */
async function checkMapping(client: Client, { events, results, runs }: WriteNames): Promise<void> {
  const fields = Object.keys(FOUND_BY)
  const mappings = await client.indices.getFieldMapping({
    ...{ index: [events, results, runs], fields, ignore_unavailable: true }
  })
  for (const [index, { mappings: found }] of Object.entries(mappings)) {
    for (const [field, { mapping }] of Object.entries(found)) {
      const type = Object.values(mapping)[0]?.type
      const wanted = FOUND_BY[field as keyof typeof FOUND_BY]
      if (type === wanted) continue
      throw new Uncheckable(
        `${index} maps ${field} as ${type}, not as ${wanted}: it was not made with Playtrail's templates, and what is in it cannot be found. Make a new index: playtrail reindex.`
      )
    }
  }
}

/** The index in Elasticsearch; a key that reads is enough. */
export async function openElasticsearchComparable(options: ComparedElasticsearch): Promise<ComparableIndex> {
  const index = await openIndex(options)
  const { client, names, expected } = index
  const scanner = openScanner(client)
  let journals = await index.journals()
  const own = (clause: object): estypes.QueryDslQueryContainer => ({
    bool: { filter: [{ term: { 'playtrail.log': journals.own } }], ...clause }
  })
  const between = (first: number, next: number) => ({
    range: { 'playtrail.index': { gte: first, lt: next } }
  })
  const inOrder = (name: string, first: number, next: number) =>
    scanner.hits({
      index: name,
      query: { bool: { filter: [{ term: { 'playtrail.log': journals.own } }, between(first, next)] } },
      sort: [{ 'playtrail.index': { order: 'asc', unmapped_type: 'long' } }]
    })
  const outside = (name: string, end: number) =>
    scanner.hits({
      index: name,
      query: {
        bool: { should: [own({ must_not: [between(0, end)] }), unclaimed(journals)], minimum_should_match: 1 }
      }
    })
  return {
    async cursor() {
      journals = await index.journals()
      return journals.ownCursor
    },
    expiry: async () => expiryOf(await keptSince(client, names.events, index.namespace)),
    async *events(first, next) {
      for await (const hit of inOrder(names.events, first, next))
        yield { ...foundEvent(hit, journals), record: numberOf(hit) }
    },
    async *eventsOutside(end) {
      for await (const hit of outside(names.events, end)) yield foundEvent(hit, journals)
    },
    async eventsById(ids) {
      const backing = await backingIndices(client, names.events)
      const docs = ids.flatMap((_id) => backing.map((_index) => ({ _index, _id })))
      return (await getDocuments(client, docs)).map((doc) => foundEvent(doc, journals))
    },
    copies: (ids) => (journals.isShared ? copiesOf(ids) : Promise.resolve([])),
    compareEvent: (recorded, found) => compareSource(expected.operations(recorded).event, found, journals),
    isOfOther: (found) => isOfOther(found, journals),
    expectedResult: (recorded) => expected.result(recorded),
    async *results(first, next) {
      for await (const hit of inOrder(names.results, first, next))
        yield { ...foundResult(hit, journals), record: numberOf(hit) }
    },
    async *resultsOutside(end) {
      for await (const hit of outside(names.results, end)) yield foundResult(hit, journals)
    },
    async resultsByKey(keys) {
      const docs = keys.map((_id) => ({ _index: names.results, _id }))
      return (await getDocuments(client, docs)).map((doc) => ({ ...foundResult(doc, journals) }))
    },
    compareResult: (recorded, found) => compareSource(expected.operations(recorded).result, found, journals),
    runsWithEvents: () => runIds(index),
    async *runsWithDocument() {
      const query = { bool: { must_not: [{ terms: { 'playtrail.heard_by': [...journals.others.keys()] } }] } }
      const sort = [{ 'run.id': { order: 'asc' as const, unmapped_type: 'keyword' as const } }]
      for await (const { _id } of scanner.hits({ index: names.runs, query, sort }))
        if (_id !== undefined) yield _id
    },
    lookAtRun: (id, correction) => lookAtRun(index, journals, id, correction),
    endPass: () => scanner.renew(),
    async close() {
      await scanner.renew()
      await client.close()
    }
  }

  async function copiesOf(ids: readonly string[]): Promise<Found[]> {
    const found: Found[] = []
    for (let at = 0; at < ids.length; at += limits.reconcilePageItems) {
      const filter = [{ ids: { values: ids.slice(at, at + limits.reconcilePageItems) } }]
      const must_not = [{ term: { 'playtrail.log': journals.own } }]
      for await (const hit of scanner.hits({ index: names.events, query: { bool: { filter, must_not } } }))
        found.push(foundEvent(hit, journals))
    }
    return found
  }
}

/** The number that the index sorts by, which is the whole part of what the document says. */
function numberOf({ sort }: Hit<unknown>): number {
  return Number(sort?.[0])
}

async function* runIds({ client, names, journalId }: OpenedIndex): AsyncGenerator<string> {
  type Runs = { runs?: { buckets: { key: { run: string } }[]; after_key?: { run: string } } }
  for (let after: { run: string } | undefined; ; ) {
    const { aggregations } = await client.search<unknown, Runs>({
      index: names.events,
      ignore_unavailable: true,
      size: 0,
      query: { term: { 'playtrail.log': journalId } },
      aggs: {
        runs: {
          composite: {
            size: limits.reconcilePageItems,
            sources: [{ run: { terms: { field: 'run.id' } } }],
            ...(after !== undefined && { after })
          }
        }
      }
    })
    const { buckets = [], after_key } = aggregations?.runs ?? {}
    yield* buckets.map(({ key }) => key.run)
    if (after_key === undefined) return
    after = after_key
  }
}
