import type { estypes } from '@elastic/elasticsearch'
import { Problem } from '../../../errors.ts'
import { limits } from '../../../limits.ts'
import { type Asking, aggregate } from '../search.ts'

/** Groups that are asked for at once: a server refuses an answer of more than 65,536 buckets. */
const ROWS_AT_ONCE = 10_000
/** The same of groups that have aggregations of their own. */
export const GROUPS_AT_ONCE = 1_000
/** Documents of the groups that are counted by more than one value at once: each page looks at all of them. */
const DOCUMENTS_AT_ONCE = 100_000

type Filter = estypes.QueryDslQueryContainer[]
export type Source = estypes.AggregationsCompositeAggregationSource
export type Key = Record<string, string | number | null>

/** Documents that have the same values: those of `key`, in the order of its members. */
export interface Group<Of extends Key> {
  key: Of
  doc_count: number
}

export interface Grouping {
  /** The alias to ask. */
  index: string
  filter: Filter
  /** What documents have to have in common; the name of each becomes a member of the key. */
  by: Record<string, Source>
  /** What else is wanted of each group. */
  aggs?: Record<string, estypes.AggregationsAggregationContainer>
}

interface Page<Row> {
  groups?: { buckets: Row[]; after_key?: Key }
}

/** All groups, page by page, sorted by their keys. Counts are exact, whatever the number of groups and shards. */
export async function* groupsOf<Row extends Group<Key>>(
  asking: Asking,
  { index, filter, by, aggs }: Grouping
): AsyncGenerator<Row> {
  const size = aggs === undefined ? ROWS_AT_ONCE : GROUPS_AT_ONCE
  const sources = Object.entries(by).map(([name, source]) => ({ [name]: source }))
  for (let after: Key | undefined; ; ) {
    const composite = { size, sources, ...(after !== undefined && { after }) }
    const groups = { composite, ...(aggs !== undefined && { aggs }) }
    const page: Page<Row> | undefined = await aggregate<Page<Row>>(asking, index, filter, { groups })
    const { buckets = [], after_key } = page?.groups ?? {}
    yield* buckets
    if (after_key === undefined || buckets.length < size) return
    after = after_key
  }
}

/** The groups as a list. Throws Problem `too_many_groups` beyond the limit; `what` are they? */
export async function listOf<Row extends Group<Key>>(
  asking: Asking,
  what: string,
  grouping: Grouping
): Promise<Row[]> {
  const rows: Row[] = []
  for await (const row of groupsOf<Row>(asking, grouping)) {
    if (rows.length === limits.groupsMax) throw tooManyGroups(what)
    rows.push(row)
  }
  return rows
}

/**
 * Counts the documents of groups that are known already by more of their values. A page of such counts costs a look
 * at all documents that are asked for, so they are asked for a few groups at a time.
 */
export async function* countsWithin<Row extends Group<Key>>(
  asking: Asking,
  { field, groups, ...grouping }: Grouping & { field: string; groups: readonly (readonly [string, number])[] }
): AsyncGenerator<Row> {
  for (const values of portionsOf(groups)) {
    const filter = [...grouping.filter, { terms: { [field]: values } }]
    yield* groupsOf<Row>(asking, { ...grouping, filter })
  }
}

function* portionsOf(groups: readonly (readonly [value: string, documents: number])[]): Generator<string[]> {
  let values: string[] = []
  let sum = 0
  for (const [value, documents] of groups) {
    if (values.length > 0 && sum + documents > DOCUMENTS_AT_ONCE) {
      yield values
      values = []
      sum = 0
    }
    values.push(value)
    sum += documents
  }
  if (values.length > 0) yield values
}

export function tooManyGroups(what: string): Problem {
  return new Problem(
    'too_many_groups',
    `The answer would have more than ${limits.groupsMax.toLocaleString('en')} ${what}. Narrow from, to or q.`
  )
}

/** Groups by the values of a field. */
export function valuesOf(field: string): Source {
  return { terms: { field } }
}

/** The same, with a group for the documents that have no value: null. */
export function valuesOrNone(field: string): Source {
  return { terms: { field, missing_bucket: true } }
}

/** Groups by intervals of time in UTC, weeks from Monday; the key is where one begins, in milliseconds since 1970. */
export function intervalsOf(field: string, interval: 'minute' | 'hour' | 'day' | 'week'): Source {
  return { date_histogram: { field, calendar_interval: interval } }
}

/** The first document by this order, of which `fields` are wanted. */
export function first(
  sort: estypes.SortCombinations[],
  fields: string[]
): estypes.AggregationsAggregationContainer {
  return { top_hits: { size: 1, sort, _source: fields } }
}

export interface First<Document> {
  hits: { hits: { _source?: Document }[] }
}

export function documentOf<Document>(found: First<Document>): Document | undefined {
  return found.hits.hits[0]?._source
}
