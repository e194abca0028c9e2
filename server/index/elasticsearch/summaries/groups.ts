import type { estypes } from '@elastic/elasticsearch'
import { Problem } from '../../../errors.ts'
import { limits } from '../../../limits.ts'
import { type Asking, aggregate } from '../search.ts'

/**
 * Groups, and documents of theirs, that are summed up by one request. A server refuses an answer of more than 65,536
 * buckets, and a document is in at most three for each group: those of its week, of its status, of its duration.
 */
const GROUPS_AT_ONCE = 500
const DOCUMENTS_AT_ONCE = 20_000
/** Such requests under way at once. */
const REQUESTS_AT_ONCE = 4
/** Groups that are counted by one request. */
const COUNTS_AT_ONCE = 10_000

type Aggregation = estypes.AggregationsAggregationContainer
type Filter = estypes.QueryDslQueryContainer[]

/** Documents that have the same value, which is `key`. */
export interface Group {
  key: string
  doc_count: number
}

export interface Buckets<Bucket> {
  buckets: Bucket[]
}

export interface Grouping {
  /** What the groups are, for people. */
  what: string
  /** The alias to ask. */
  index: string
  filter: Filter
  /** A keyword of which a document has one value. */
  field: string
  /** What is wanted of each group. */
  aggs: Record<string, Aggregation>
  /** Members that are left out of the answer. */
  without?: string[]
}

/**
 * Sums up all groups. They are listed first, to be asked for a few at a time: an answer has its limit. As each request
 * asks for all groups that its documents are in, counts are exact on any number of shards. Throws Problem
 * `too_many_groups` beyond the limit.
 */
export async function sumUpGroups<Row extends Group>(asking: Asking, grouping: Grouping): Promise<Row[]> {
  const { what, index, filter, field } = grouping
  const size = limits.groupsMax + 1
  const answer = await aggregate<{ groups: Buckets<Group> }>(asking, index, filter, {
    groups: { terms: { field, size } }
  })
  const groups = answer?.groups.buckets ?? []
  if (groups.length > limits.groupsMax) throw tooManyGroups(what)
  const portions = portionsOf(groups)
  const rows: Row[] = []
  for (let at = 0; at < portions.length; at += REQUESTS_AT_ONCE) {
    const some = portions.slice(at, at + REQUESTS_AT_ONCE)
    const answers = some.map((portion) => sumUpPortion<Row>(asking, grouping, portion))
    rows.push(...(await Promise.all(answers)).flat())
  }
  return rows
}

async function sumUpPortion<Row>(
  asking: Asking,
  { index, filter, field, aggs, without = [] }: Grouping,
  values: readonly string[]
): Promise<Row[]> {
  const answer = await aggregate<{ groups: Buckets<Row> }>(
    asking,
    index,
    [...filter, { terms: { [field]: [...values] } }],
    { groups: { terms: { field, size: values.length }, aggs } },
    without.map((member) => `aggregations.groups.buckets.${member}`)
  )
  return answer?.groups.buckets ?? []
}

function portionsOf(groups: readonly Group[]): string[][] {
  const portions: string[][] = []
  let sum = Number.POSITIVE_INFINITY
  for (const { key, doc_count } of groups) {
    const portion = portions.at(-1)
    if (portion !== undefined && sum + doc_count <= DOCUMENTS_AT_ONCE && portion.length < GROUPS_AT_ONCE) {
      portion.push(key)
      sum += doc_count
    } else {
      portions.push([key])
      sum = doc_count
    }
  }
  return portions
}

export type Source = estypes.AggregationsCompositeAggregationSource
type Key = Record<string, string | number | null>

/** Documents that have the same values, those of `key`. */
export interface Count<Of extends Key> {
  key: Of
  doc_count: number
}

interface Page<Of extends Key> {
  groups: { buckets: Count<Of>[]; after_key?: Key }
}

/** How many documents have which values, sorted by them, page by page: there may be any number. */
export async function* countsOf<Of extends Key>(
  asking: Asking,
  index: string,
  filter: Filter,
  by: Record<keyof Of, Source>,
  size: number = COUNTS_AT_ONCE
): AsyncGenerator<Count<Of>> {
  const sources = Object.entries<Source>(by).map(([name, source]) => ({ [name]: source }))
  for (let after: Key | undefined; ; ) {
    const composite = { size, sources, ...(after !== undefined && { after }) }
    const page: Page<Of> | undefined = await aggregate<Page<Of>>(asking, index, filter, {
      groups: { composite }
    })
    const { buckets = [], after_key } = page?.groups ?? {}
    yield* buckets
    if (after_key === undefined || buckets.length < size) return
    after = after_key
  }
}

export function tooManyGroups(what: string): Problem {
  return new Problem(
    'too_many_groups',
    `The answer would have more than ${limits.groupsMax.toLocaleString('en')} ${what}. Narrow from, to or q.`
  )
}

/** Of the parts of groups, by week, status or duration, which nobody counts beforehand. */
export function tooManyBuckets(): Problem {
  const detail = 'The answer has more parts than Elasticsearch gives at once. Narrow from, to or q.'
  return new Problem('too_many_groups', detail)
}

/** Weeks in UTC, from Monday, oldest first; the key is where one begins, in milliseconds since 1970. */
export function weeksOf(field: string, aggs: Record<string, Aggregation>): Aggregation {
  return { date_histogram: { field, calendar_interval: 'week', min_doc_count: 1 }, aggs }
}

/** How many documents have which of a few values. */
export function valuesOf(field: string, values: readonly string[]): Aggregation {
  return { terms: { field, size: values.length } }
}

export function countsBy<Value extends string>(
  values: readonly Value[],
  { buckets }: Buckets<Group>
): Record<Value, number> {
  const counts = new Map(buckets.map(({ key, doc_count }) => [key, doc_count]))
  return Object.fromEntries(values.map((value) => [value, counts.get(value) ?? 0])) as Record<Value, number>
}

/** The first document by this order, of which `fields` are wanted. */
export function first(sort: estypes.SortCombinations[], fields: string[]): Aggregation {
  return { top_hits: { size: 1, sort, _source: fields } }
}

export interface First<Document> {
  hits: { hits: { _source?: Document }[] }
}

export function documentOf<Document>(found: First<Document>): Document | undefined {
  return found.hits.hits[0]?._source
}
