import type { Fields } from './fields.ts'
import type { Formula, Group, Metric, PlainMetric } from './source.ts'

/** A column of Lens' form-based layer, as it is saved. */
export type Column = Record<string, unknown>

/** The columns of a layer, and their ids in the order of the panel's groups and metrics. */
export interface Columns {
  columns: Record<string, Column>
  /** In the order that Lens nests the aggregations in; metrics after the groups, then the parts of formulas. */
  columnOrder: string[]
  groups: string[]
  metrics: string[]
}

/** Kibana shows no count, and no error either, for a count of anything else. */
const DOCUMENTS = '___records___'

export function columnsOf(by: readonly Group[], metrics: readonly Metric[], fields: Fields): Columns {
  const groupIds = by.map(({ kind }, i) => `${kind}-${i + 1}`)
  const metricIds = metrics.map((_, i) => `metric-${i + 1}`)
  const columns: Record<string, Column> = {}
  for (const [i, group] of by.entries()) columns[groupIds[i] ?? ''] = groupColumn(group, metricIds, fields)
  const parts: Record<string, Column> = {}
  for (const [i, metric] of metrics.entries()) {
    const id = metricIds[i] ?? ''
    if ('left' in metric) {
      const formula = formulaColumns(metric, id, fields)
      columns[id] = formula.result
      Object.assign(parts, formula.parts)
    } else columns[id] = metricColumn(metric, fields)
  }
  Object.assign(columns, parts)
  return {
    columns,
    columnOrder: [...nested(by, groupIds), ...metricIds, ...Object.keys(parts)],
    groups: groupIds,
    metrics: metricIds
  }
}

/** What splits a chart over time comes before the time: so that its values are the greatest of the whole time. */
function nested(by: readonly Group[], ids: readonly string[]): string[] {
  return by[0]?.kind === 'time' ? [...ids.slice(1), ...ids.slice(0, 1)] : [...ids]
}

function groupColumn(group: Group, metricIds: readonly string[], fields: Fields): Column {
  if (group.kind === 'time') return timeColumn(group.interval)
  if (group.kind === 'top') return topColumn(group, metricIds[group.rankedBy ?? 0] ?? '', fields)
  return {
    label: group.label,
    customLabel: true,
    dataType: 'string',
    isBucketed: true,
    operationType: 'filters',
    scale: 'ordinal',
    params: { filters: group.filters.map(({ label, where }) => ({ label, input: kql(where) })) }
  }
}

function timeColumn(interval: 'auto' | '1d'): Column {
  return {
    label: '@timestamp',
    dataType: 'date',
    isBucketed: true,
    operationType: 'date_histogram',
    scale: 'interval',
    sourceField: '@timestamp',
    params: { interval, includeEmptyRows: false, dropPartials: false }
  }
}

function topColumn(group: Extract<Group, { kind: 'top' }>, rankedBy: string, fields: Fields): Column {
  return {
    label: group.label,
    customLabel: true,
    dataType: dataTypeOf(group.field, fields),
    isBucketed: true,
    operationType: 'terms',
    scale: 'ordinal',
    sourceField: group.field,
    params: {
      size: group.size,
      orderBy: { type: 'column', columnId: rankedBy },
      orderDirection: 'desc',
      // Kibana takes documents without the field only together with the row of all other values.
      otherBucket: group.withMissing === true,
      missingBucket: group.withMissing === true,
      parentFormat: { id: 'terms' }
    }
  }
}

function metricColumn(metric: PlainMetric, fields: Fields): Column {
  const field = metric.kind === 'count' ? DOCUMENTS : metric.field
  const isDate = metric.kind === 'max' && dataTypeOf(field, fields) === 'date'
  return {
    label: metric.label,
    customLabel: true,
    dataType: isDate ? 'date' : 'number',
    isBucketed: false,
    operationType: metric.kind,
    scale: 'ratio',
    sourceField: field,
    ...('where' in metric && { filter: kql(metric.where) }),
    params: metricParams(metric)
  }
}

function metricParams(metric: PlainMetric): Record<string, unknown> {
  if (metric.kind === 'percentile') return { percentile: metric.percentile }
  return ['count', 'unique_count', 'sum'].includes(metric.kind) ? { emptyAsNull: false } : {}
}

/**
 * A formula as Lens 8 expands it: the formula itself, a column for each of its aggregations, and one of
 * arithmetic over them. Without the latter two an older Kibana shows nothing.
 */
function formulaColumns(
  formula: Formula,
  id: string,
  fields: Fields
): { result: Column; parts: Record<string, Column> } {
  const sign = formula.kind === 'divide' ? '/' : '-'
  const text = `${formulaText(formula.left)} ${sign} ${formulaText(formula.right)}`
  const partLabel = `Part of ${text}`
  const [left, right, math] = [`${id}X0`, `${id}X1`, `${id}X2`]
  const { percentDigits: decimals } = formula
  const number = { dataType: 'number', isBucketed: false, scale: 'ratio' }
  return {
    result: {
      ...number,
      label: formula.label,
      customLabel: true,
      operationType: 'formula',
      references: [math],
      params: {
        formula: text,
        isFormulaBroken: false,
        ...(decimals !== undefined && { format: { id: 'percent', params: { decimals } } })
      }
    },
    parts: {
      [left]: { ...metricColumn(formula.left, fields), label: partLabel },
      [right]: { ...metricColumn(formula.right, fields), label: partLabel },
      [math]: {
        ...number,
        label: partLabel,
        customLabel: true,
        operationType: 'math',
        references: [left, right],
        params: {
          tinymathAst: {
            type: 'function',
            name: formula.kind,
            args: [left, right],
            location: { min: 0, max: text.length },
            text
          }
        }
      }
    }
  }
}

function formulaText(metric: PlainMetric): string {
  const field = metric.kind === 'count' ? '' : metric.field
  const where = 'where' in metric ? `kql='${metric.where}'` : ''
  return `${metric.kind}(${[field, where].filter((part) => part !== '').join(', ')})`
}

/** Kibana's name for the type of a field. */
function dataTypeOf(field: string, fields: Fields): string {
  const type = fields.get(field)
  if (type === undefined) return field === DOCUMENTS ? 'document' : 'string'
  if (type === 'long' || type === 'double') return 'number'
  return ['date', 'boolean', 'ip'].includes(type) ? type : 'string'
}

export function kql(query: string | undefined): { language: 'kuery'; query: string } {
  return { language: 'kuery', query: query ?? '' }
}
