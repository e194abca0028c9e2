import type { Fields } from '../../kibana/fields.ts'
import { parseKql } from './kql.ts'
import type { Kql, Layer, LensColumn } from './saved.ts'

/** Says what is wrong; the panel's name is put before it. */
export type Say = (mistake: string) => void

interface Operation {
  isBucketed: boolean
  scale: 'ordinal' | 'interval' | 'ratio'
  /** Types of the fields that it works on; undefined where it has no field. */
  types?: readonly string[]
}

const numbers = ['long', 'double']
const metric = { isBucketed: false, scale: 'ratio' } as const

const operations: Record<string, Operation> = {
  date_histogram: { isBucketed: true, scale: 'interval', types: ['date'] },
  terms: { isBucketed: true, scale: 'ordinal', types: ['keyword', 'boolean', 'ip', 'long'] },
  filters: { isBucketed: true, scale: 'ordinal' },
  count: { ...metric, types: ['___records___'] },
  unique_count: { ...metric, types: ['keyword', 'boolean', 'ip', 'long', 'date'] },
  sum: { ...metric, types: numbers },
  average: { ...metric, types: numbers },
  median: { ...metric, types: numbers },
  percentile: { ...metric, types: numbers },
  max: { ...metric, types: [...numbers, 'date'] },
  formula: metric,
  math: metric
}

/** Columns of which the numbers in Kibana would be wrong, or none. */
export function checkLayer({ columnOrder = [], columns = {} }: Layer, fields: Fields, say: Say): void {
  const ids = Object.keys(columns)
  if (ids.length === 0) say('its layer has no columns')
  for (const id of ids) if (!columnOrder.includes(id)) say(`columnOrder lacks the column ${id}`)
  for (const id of columnOrder)
    if (!(id in columns)) say(`columnOrder names a column that is not there: ${id}`)
  if (new Set(columnOrder).size < columnOrder.length) say('columnOrder names a column twice')
  const lastGroup = columnOrder.findLastIndex((id) => columns[id]?.isBucketed === true)
  if (columnOrder.slice(0, Math.max(0, lastGroup)).some((id) => columns[id]?.isBucketed === false))
    say('columnOrder has a metric before a group')
  for (const [id, column] of Object.entries(columns)) {
    const sayOf: Say = (mistake) => say(`column ${id}: ${mistake}`)
    checkColumn(column, fields, sayOf)
    checkParams(column, columns, fields, sayOf)
  }
}

function checkColumn(column: LensColumn, fields: Fields, say: Say): void {
  const { label, operationType = '(none)', isBucketed, scale, sourceField, filter } = column
  if (label === undefined || label === '') say('it has no label')
  const operation = operations[operationType]
  if (operation === undefined) {
    say(`the operation ${operationType} is not known`)
    return
  }
  if (isBucketed !== operation.isBucketed)
    say(`isBucketed of a ${operationType} has to be ${operation.isBucketed}`)
  if (scale !== operation.scale)
    say(`the scale of a ${operationType} is ${operation.scale}, not ${scale ?? 'missing'}`)
  if (filter !== undefined) checkKql(filter, fields, say)
  if (operation.types === undefined) {
    if (sourceField !== undefined) say(`a ${operationType} has no field`)
    return
  }
  if (sourceField === undefined) {
    say(`a ${operationType} without sourceField`)
    return
  }
  const type = operationType === 'count' ? sourceField : fields.get(sourceField)
  if (type === undefined) {
    say(`there is no field ${sourceField}`)
    return
  }
  if (!operation.types.includes(type))
    say(
      `${operationType} does not work on ${sourceField}, which is ${type}; it needs ${operation.types.join(', ')}`
    )
  else if (column.dataType !== expectedDataType(column, type))
    say(`its dataType is ${column.dataType ?? 'missing'}, but has to be ${expectedDataType(column, type)}`)
}

function expectedDataType({ isBucketed, operationType }: LensColumn, type: string): string {
  if (isBucketed !== true) return operationType === 'max' && type === 'date' ? 'date' : 'number'
  if (type === 'keyword') return 'string'
  return type === 'long' ? 'number' : type
}

function checkParams(
  column: LensColumn,
  columns: Record<string, LensColumn>,
  fields: Fields,
  say: Say
): void {
  const { operationType, params = {} } = column
  if (operationType === 'date_histogram' && !/^(auto|\d+[mhdwMy])$/.test(params.interval ?? ''))
    say(`expected an interval such as auto or 1d, got ${params.interval}`)
  if (operationType === 'percentile') {
    const { percentile = 0 } = params
    if (!Number.isInteger(percentile) || percentile < 1 || percentile > 99)
      say(`expected a percentile from 1 to 99, got ${params.percentile}`)
  }
  if (operationType === 'filters') {
    if ((params.filters ?? []).length === 0) say('it has no filters')
    for (const { input } of params.filters ?? []) checkKql(input, fields, say)
  }
  if (operationType === 'terms') checkTerms(column, columns, fields, say)
  if (operationType === 'formula') checkFormula(column, columns, say)
  if (operationType === 'math') checkMath(column, columns, say)
}

function checkTerms(column: LensColumn, columns: Record<string, LensColumn>, fields: Fields, say: Say): void {
  const { size = 0, orderBy, orderDirection, missingBucket, otherBucket } = column.params ?? {}
  if (!Number.isInteger(size) || size < 1 || size > 1_000) say(`expected a size from 1 to 1000, got ${size}`)
  if (orderDirection !== 'asc' && orderDirection !== 'desc') say(`orderDirection is ${orderDirection}`)
  if (orderBy?.type === 'column') {
    const by = columns[orderBy.columnId ?? '']
    if (by === undefined) say(`it is ordered by a column that is not there: ${orderBy.columnId}`)
    else if (by.isBucketed === true) say(`it is ordered by a group: ${orderBy.columnId}`)
    else if (by.references !== undefined) say(`Elasticsearch cannot order by a formula: ${orderBy.columnId}`)
  } else if (orderBy?.type !== 'alphabetical') say('it has no orderBy')
  if (missingBucket === true && otherBucket !== true) say('Lens ignores missingBucket without otherBucket')
  if (missingBucket === true && fields.get(column.sourceField ?? '') !== 'keyword')
    say(`only a keyword can have a row for what is missing, not ${column.sourceField}`)
}

function checkFormula(
  { references = [], params }: LensColumn,
  columns: Record<string, LensColumn>,
  say: Say
): void {
  if (params?.formula === undefined || params.formula === '') say('it has no formula')
  if (references.length !== 1 || columns[references[0] ?? '']?.operationType !== 'math')
    say('a formula needs a reference to its column of arithmetic')
}

function checkMath(
  { references = [], params }: LensColumn,
  columns: Record<string, LensColumn>,
  say: Say
): void {
  const { type, name, args = [] } = params?.tinymathAst ?? {}
  if (type !== 'function' || !['divide', 'subtract'].includes(name ?? '')) say('its arithmetic is not known')
  for (const id of references) if (!(id in columns)) say(`it refers to a column that is not there: ${id}`)
  for (const id of args)
    if (!references.includes(String(id))) say(`its arithmetic uses ${id}, which it does not refer to`)
}

export function checkKql(kql: Kql | undefined, fields: Fields, say: Say): void {
  if (kql?.language !== 'kuery' || kql.query === undefined) {
    say('a query that is no KQL')
    return
  }
  try {
    for (const field of parseKql(kql.query).fields)
      if (!fields.has(field)) say(`there is no field ${field}, which is asked for in: ${kql.query}`)
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
  }
}
