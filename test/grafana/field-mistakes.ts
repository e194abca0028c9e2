import type { ElasticsearchTarget, Panel } from '../../grafana/panels.ts'
import { mappedFields, type ProvisionedSource } from './dashboards.ts'

const mapped = {
  'playtrail-events': mappedFields('event-fields'),
  'playtrail-runs': mappedFields('event-fields', 'run-fields')
}

const numeric = ['long', 'double', 'date']
const grouped = ['keyword', 'boolean', 'long', 'ip']

/** Which types of field each aggregation can work on. */
const fitting: Record<string, string[]> = {
  terms: grouped,
  cardinality: [...grouped, 'date'],
  date_histogram: ['date'],
  avg: numeric,
  max: numeric,
  percentiles: numeric
}

/** Names that Grafana gives to the column of a metric. */
const metricNames: Record<string, string> = {
  count: 'Count',
  cardinality: 'Unique Count',
  avg: 'Average',
  max: 'Max'
}

/** Fields that the mapping lacks or that cannot be used so, and columns that the answer does not have. */
export function fieldMistakes(
  target: ElasticsearchTarget,
  panel: Panel,
  source: ProvisionedSource
): string[] {
  const fields = mapped[source.jsonData.index as keyof typeof mapped]
  if (fields === undefined) return [`no index of ours: ${String(source.jsonData.index)}`]
  const asked = [
    ...target.metrics.map(({ type, field }) => ({ type, field })),
    ...target.bucketAggs.map(({ type, field }) => ({ type, field })),
    ...[target.timeField, source.jsonData.timeField].map((field) => ({ type: 'date_histogram', field }))
  ]
  return [
    ...asked
      .filter(({ type }) => type in fitting)
      .filter(({ type, field = '' }) => !fitting[type]?.includes(fields.get(field) ?? ''))
      .map(
        ({ type, field = '' }) => `${type} of ${field}, which is ${fields.get(field) ?? 'not in the mapping'}`
      ),
    ...fieldsOf(target.query)
      .filter((field) => !fields.has(field))
      .map((field) => `the query asks for ${field}, which is not in the mapping`),
    ...orderMistakes(target),
    ...columnMistakes(target, panel, fields)
  ]
}

/** The fields of a Lucene query: what stands before a colon. */
function fieldsOf(query: string): string[] {
  return [...query.replaceAll(/\$\{\w+:\w+\}/g, '').matchAll(/([@\w.]+):/g)].map(([, field = '']) => field)
}

/** What a terms aggregation orders by is `_count`, `_key` or the id of a metric. */
function orderMistakes({ metrics, bucketAggs }: ElasticsearchTarget): string[] {
  return bucketAggs
    .filter(({ type }) => type === 'terms')
    .map(({ settings }) => String(settings.orderBy))
    .filter((by) => !['_count', '_key'].includes(by) && !metrics.some(({ id }) => id === by))
    .map((by) => `ordered by ${by}, which is no metric of the panel`)
}

/** A table shows, and a number is taken from, columns that there are. */
function columnMistakes(target: ElasticsearchTarget, panel: Panel, fields: Map<string, string>): string[] {
  const isRaw = target.metrics[0]?.type === 'raw_data'
  const columns = [
    ...target.metrics.map(({ type }) => metricNames[type] ?? ''),
    ...target.bucketAggs.map(({ field = '' }) => field)
  ]
  const reduce = panel.options?.reduceOptions as { fields: string } | undefined
  const include = panel.transformations?.find(({ id }) => id === 'filterFieldsByName')?.options.include
  const shown = [
    ...((include as { names: string[] } | undefined)?.names ?? []),
    ...(reduce === undefined ? [] : [reduce.fields.replace(/^\/\^|\$\/$/g, '')])
  ]
  return shown
    .filter((name) => (isRaw ? !fields.has(name) : !columns.includes(name)))
    .map((name) => `shows ${name}, which the answer does not have`)
}
