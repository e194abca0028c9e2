import type { BucketAggregation, ElasticsearchTarget, Metric } from '../../grafana/panels.ts'

export interface Range {
  from: number
  to: number
  intervalMs: number
}

type Json = Record<string, unknown>

/**
 * What Grafana asks Elasticsearch for a panel's target, as its data source builds it (pkg/tsdb/elasticsearch,
 * data_query.go and aggregation_factory.go, Grafana 11 to 13). `filter` stands in the box of the dashboard.
 */
export function searchFor(target: ElasticsearchTarget, range: Range, filter = '*'): Json {
  const { query, timeField, metrics, bucketAggs } = target
  const { from, to } = range
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how Grafana writes a variable
  const text = query.replaceAll('${filter:raw}', filter)
  const search = {
    query: {
      bool: {
        filter: [
          { range: { [timeField]: { gte: from, lte: to, format: 'epoch_millis' } } },
          { query_string: { analyze_wildcard: true, query: text } }
        ]
      }
    }
  }
  const [first] = metrics
  if (first?.type === 'raw_data') {
    const newestFirst = [
      { [timeField]: { order: 'desc', unmapped_type: 'boolean' } },
      { _doc: { order: 'desc' } }
    ]
    return { ...search, size: Number(first.settings?.size), sort: newestFirst, docvalue_fields: [timeField] }
  }
  let aggs: Json = Object.fromEntries(
    metrics.filter(({ type }) => type !== 'count').map((metric) => [metric.id, aggregationOf(metric)])
  )
  for (const bucket of bucketAggs.toReversed()) {
    const inner = { ...orderedBy(bucket, metrics), ...aggs }
    aggs = { [bucket.id]: { ...bucketsOf(bucket, target, range), aggs: inner } }
  }
  return { ...search, size: 0, aggs }
}

function aggregationOf({ type, field, settings = {} }: Metric): Json {
  return { [type]: { field, ...settings } }
}

function bucketsOf(
  { type, field, settings }: BucketAggregation,
  { timeField, metrics }: ElasticsearchTarget,
  range: Range
): Json {
  if (type === 'filters') {
    const filters = settings.filters as { query: string; label: string }[]
    return {
      filters: {
        filters: Object.fromEntries(
          filters.map(({ query, label }) => [
            label || query,
            { query_string: { query, analyze_wildcard: true } }
          ])
        )
      }
    }
  }
  const minimum = Number(settings.min_doc_count)
  if (type === 'date_histogram') {
    return {
      date_histogram: {
        field: field ?? timeField,
        fixed_interval: `${range.intervalMs}ms`,
        min_doc_count: minimum,
        extended_bounds: { min: range.from, max: range.to },
        format: 'epoch_millis'
      }
    }
  }
  const by = String(settings.orderBy)
  const isCount = metrics.some(({ id, type: metric }) => id === by && metric === 'count')
  return {
    terms: {
      field,
      size: Number(settings.size),
      min_doc_count: minimum,
      order: { [isCount ? '_count' : by]: settings.order }
    }
  }
}

/** The metric that a terms aggregation orders by has to be computed within it, also where it is not the last one. */
function orderedBy({ settings }: BucketAggregation, metrics: Metric[]): Json {
  const metric = metrics.find(({ id, type }) => id === settings.orderBy && type !== 'count')
  return metric === undefined ? {} : { [metric.id]: aggregationOf(metric) }
}

export interface Row {
  /** The names of the buckets from the outermost to the innermost; not those of dates. */
  names: string[]
  metrics: Record<string, number>
}

interface Bucket {
  key?: string | number
  key_as_string?: string
  doc_count: number
  [aggregation: string]: unknown
}

/** The rows of a panel, by the names of its columns in Grafana; what is spread over dates is summed up. */
export function rowsOf({ metrics, bucketAggs }: ElasticsearchTarget, aggregations: Json): Row[] {
  const rows = new Map<string, Row>()
  const walk = (depth: number, at: Json, names: string[]): void => {
    const bucketAgg = bucketAggs[depth]
    if (bucketAgg === undefined) {
      const row = rows.get(names.join('\n')) ?? { names, metrics: {} }
      for (const metric of metrics) add(row.metrics, metric, at as Bucket)
      rows.set(names.join('\n'), row)
      return
    }
    const { buckets } = at[bucketAgg.id] as { buckets: Bucket[] | Record<string, Bucket> }
    const named: [string, Bucket][] = Array.isArray(buckets)
      ? buckets.map((bucket) => [bucket.key_as_string ?? String(bucket.key), bucket])
      : Object.entries(buckets)
    for (const [name, bucket] of named) {
      walk(depth + 1, bucket, bucketAgg.type === 'date_histogram' ? names : [...names, name])
    }
  }
  walk(0, aggregations, [])
  return [...rows.values()]
}

function add(sums: Record<string, number>, { id, type }: Metric, bucket: Bucket): void {
  const found = bucket[id] as { value?: number; values?: Record<string, number | null> } | undefined
  const values: [string, number | null | undefined][] =
    type === 'count'
      ? [['Count', bucket.doc_count]]
      : type === 'percentiles'
        ? Object.entries(found?.values ?? {}).map(([percent, value]) => [`p${Number(percent)}`, value])
        : [[type === 'cardinality' ? 'Unique Count' : type === 'avg' ? 'Average' : 'Max', found?.value]]
  for (const [name, value] of values) sums[name] = (sums[name] ?? 0) + (value ?? 0)
}
