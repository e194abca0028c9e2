import { parseKql } from './kql.ts'
import type { Kql, Layer, Lens, LensColumn, Saved, SavedPanel } from './saved.ts'

type Json = Record<string, unknown>

/** What a panel asks Elasticsearch for. */
export interface PanelSearch {
  dataView: string
  body: Json
  /** The rows that the panel shows, of Elasticsearch's answer: each value under its column's label. */
  rowsOf: (answer: SearchAnswer) => Row[]
}

export type Cell = string | number | boolean | null | undefined
export type Row = Record<string, Cell>

export interface SearchAnswer {
  hits?: { total: { value: number }; hits: { fields?: Record<string, Cell[]> }[] }
  aggregations?: Bucket
}

/** A bucket of an aggregation: its own properties, and the aggregations within it. */
interface Bucket {
  doc_count?: number
  key?: string | number
  value?: number | null
  values?: Record<string, number | null>
  buckets?: Bucket[] | Record<string, Bucket>
  [aggregation: string]: unknown
}

/** Kibana chooses an interval that fits the time shown and the width of the screen; here it is this one. */
const AUTO_INTERVAL = '6h'
const DOCUMENTS_MAX = 100

/**
 * The search that Kibana makes of a panel: its Lens state and its dashboard's query, over `from ≤ time < to`. Only
 * what the dashboards use is understood; the row of all other values (`Other`), which Kibana asks for
 * separately, is left out.
 */
export function panelSearch(
  panel: SavedPanel,
  dashboard: Saved,
  objects: readonly Saved[],
  time: TimeShown
): PanelSearch {
  const own = dashboardQuery(dashboard)
  if (panel.type === 'search') return documentsSearch(panel, dashboard, objects, [own, ...inTime(time)])
  const { references = [], state } = panel.embeddableConfig?.attributes ?? ({} as Lens)
  const [id, layer] = Object.entries(state?.datasourceStates?.formBased?.layers ?? {})[0] ?? []
  const dataView = references.find(({ name }) => name === `indexpattern-datasource-layer-${id}`)?.id
  if (layer === undefined || dataView === undefined)
    throw new Error(`${panel.title}: no layer with a data view`)
  if ((state?.filters ?? []).length > 0) throw new Error(`${panel.title}: filters are not understood here`)
  const filter = [own, queryOf(state?.query), ...inTime(time)]
  const levels = (layer.columnOrder ?? []).filter((column) => columnOf(layer, column).isBucketed === true)
  return {
    dataView,
    body: { size: 0, track_total_hits: true, query: { bool: { filter } }, aggs: aggregations(layer, levels) },
    // A plain count of all documents is no aggregation, for Kibana neither.
    rowsOf: ({ hits, aggregations: answer = {} }) =>
      rowsIn(layer, levels, { ...answer, doc_count: hits?.total.value ?? 0 }, {})
  }
}

export interface TimeShown {
  from: string
  to: string
}

function inTime({ from, to }: TimeShown): Json[] {
  return [{ range: { '@timestamp': { gte: from, lt: to } } }]
}

function documentsSearch(
  panel: SavedPanel,
  dashboard: Saved,
  objects: readonly Saved[],
  filter: Json[]
): PanelSearch {
  const name = `${panel.panelIndex}:${panel.panelRefName}`
  const searchId = dashboard.references?.find((reference) => reference.name === name)?.id
  const search = objects.find(({ type, id }) => type === 'search' && id === searchId)
  const source = searchSource(search)
  const dataView = search?.references?.find((reference) => reference.name === source.indexRefName)?.id
  if (dataView === undefined) throw new Error(`${panel.title}: no saved search with a data view`)
  const columns = ['@timestamp', ...((search?.attributes?.columns ?? []) as string[])]
  const sort = ((search?.attributes?.sort ?? []) as [string, string][]).map(([field, order]) => ({
    [field]: order
  }))
  return {
    dataView,
    body: {
      size: DOCUMENTS_MAX,
      query: { bool: { filter: [queryOf(source.query), ...filter] } },
      sort,
      fields: columns,
      _source: false
    },
    rowsOf: ({ hits }) =>
      (hits?.hits ?? []).map(({ fields }) =>
        Object.fromEntries(columns.map((column) => [column, fields?.[column]?.join(', ')]))
      )
  }
}

function searchSource(object: Saved | undefined): { query?: Kql; filter?: unknown[]; indexRefName?: string } {
  const meta = (object?.attributes?.kibanaSavedObjectMeta ?? {}) as { searchSourceJSON?: string }
  return JSON.parse(meta.searchSourceJSON ?? '{}') as ReturnType<typeof searchSource>
}

function dashboardQuery(dashboard: Saved): Json {
  const { query, filter = [] } = searchSource(dashboard)
  if (filter.length > 0) throw new Error(`${dashboard.id}: filters are not understood here`)
  return queryOf(query)
}

function queryOf(kql: Kql | undefined): Json {
  return parseKql(kql?.query ?? '').query
}

function columnOf({ columns }: Layer, id: string): LensColumn {
  const column = columns?.[id]
  if (column === undefined) throw new Error(`there is no column ${id}`)
  return column
}

/** Metrics stand on every level, since each level may be ordered by one. */
function aggregations(layer: Layer, [level, ...inner]: readonly string[]): Json {
  const metrics = Object.fromEntries(
    Object.entries(layer.columns ?? {}).flatMap(([id, column]) => {
      const aggregation = metricAggregation(column)
      return aggregation === undefined ? [] : [[id, aggregation]]
    })
  )
  if (level === undefined) return metrics
  const group = { ...groupAggregation(layer, columnOf(layer, level)), aggs: aggregations(layer, inner) }
  return { ...metrics, [level]: group }
}

function groupAggregation(
  layer: Layer,
  { operationType, sourceField: field, params = {} }: LensColumn
): Json {
  const { interval, filters = [], size, orderBy, orderDirection, missingBucket, otherBucket } = params
  if (operationType === 'filters')
    return {
      filters: { filters: Object.fromEntries(filters.map(({ label, input }) => [label, queryOf(input)])) }
    }
  if (operationType === 'date_histogram') {
    const step = interval === 'auto' ? { fixed_interval: AUTO_INTERVAL } : { calendar_interval: interval }
    return { date_histogram: { field, ...step, time_zone: 'UTC', min_doc_count: 1 } }
  }
  if (operationType !== 'terms') throw new Error(`the operation ${operationType} is not understood here`)
  const order = { [orderPath(layer, orderBy)]: orderDirection }
  const missing = missingBucket === true && otherBucket === true ? { missing: '__missing__' } : {}
  return { terms: { field, size, order, ...missing } }
}

function orderPath(layer: Layer, orderBy: { type?: string; columnId?: string } | undefined): string {
  if (orderBy?.type !== 'column' || orderBy.columnId === undefined) return '_key'
  const id = orderBy.columnId
  const { operationType, filter } = columnOf(layer, id)
  if (operationType === 'count') return filter === undefined ? '_count' : id
  const percent = percentOf(columnOf(layer, id))
  return `${id}${filter === undefined ? '' : '>value'}${percent === undefined ? '' : `.${percent}`}`
}

function percentOf({ operationType, params }: LensColumn): number | undefined {
  if (operationType === 'median') return 50
  return operationType === 'percentile' ? params?.percentile : undefined
}

/** Undefined for what needs none: a plain count, and arithmetic. */
function metricAggregation(column: LensColumn): Json | undefined {
  const { isBucketed, operationType = '', filter } = column
  if (isBucketed === true || ['formula', 'math'].includes(operationType)) return undefined
  const plain = fieldAggregation(column)
  if (filter === undefined) return plain
  return { filter: queryOf(filter), ...(plain !== undefined && { aggs: { value: plain } }) }
}

function fieldAggregation(column: LensColumn): Json | undefined {
  const { operationType, sourceField: field } = column
  const percent = percentOf(column)
  if (operationType === 'count') return undefined
  if (percent !== undefined) return { percentiles: { field, percents: [percent] } }
  if (operationType === 'unique_count') return { cardinality: { field } }
  if (operationType === 'sum' || operationType === 'max') return { [operationType]: { field } }
  throw new Error(`the operation ${operationType} is not understood here`)
}

function rowsIn(layer: Layer, [level, ...inner]: readonly string[], bucket: Bucket, above: Row): Row[] {
  if (level === undefined) return [{ ...above, ...metricsIn(layer, bucket) }]
  const { label = '' } = columnOf(layer, level)
  const { buckets = [] } = bucket[level] as Bucket
  const named: [Cell, Bucket][] = Array.isArray(buckets)
    ? buckets.map((one) => [one.key, one])
    : Object.entries(buckets).filter(([, one]) => (one.doc_count ?? 0) > 0)
  return named.flatMap(([key, one]) => rowsIn(layer, inner, one, { ...above, [label]: key }))
}

function metricsIn(layer: Layer, bucket: Bucket): Row {
  const shown = Object.entries(layer.columns ?? {}).filter(
    ([id, { isBucketed }]) => isBucketed !== true && !/X\d$/.test(id)
  )
  return Object.fromEntries(shown.map(([id, { label = '' }]) => [label, metricIn(layer, id, bucket)]))
}

function metricIn(layer: Layer, id: string, bucket: Bucket): number | null {
  const column = columnOf(layer, id)
  if (column.operationType === 'formula') return metricIn(layer, column.references?.[0] ?? '', bucket)
  if (column.operationType === 'math') return arithmetic(layer, column, bucket)
  const found = column.filter === undefined ? bucket : (bucket[id] as Bucket)
  if (column.operationType === 'count') return found.doc_count ?? null
  const answer = found[column.filter === undefined ? id : 'value'] as Bucket
  return (answer.values === undefined ? answer.value : Object.values(answer.values)[0]) ?? null
}

function arithmetic(layer: Layer, { params }: LensColumn, bucket: Bucket): number | null {
  const { name, args = [] } = params?.tinymathAst ?? {}
  const [left, right] = args.map((id) => metricIn(layer, String(id), bucket))
  if (left === undefined || right === undefined || left === null || right === null) return null
  if (name === 'subtract') return left - right
  return right === 0 ? null : left / right
}
