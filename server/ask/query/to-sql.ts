import type { Condition, Query, TextCondition, ValueCondition } from './ast.ts'
import { type Field, field, groupFields, LABELS } from './fields.ts'
import { BEFORE_ALL, BEHIND_ALL } from './ip.ts'
import { globOf } from './patterns.ts'
import { lists } from './shapes.ts'
import { between, joined, type Sql, sql } from './sql.ts'
import { columnSql } from './sql-columns.ts'
import type { TextSearch } from './text-search.ts'

/**
 * A query as a condition on the table `events`, called `e`, of the index of one journal. It needs the functions of
 * sql-functions.ts. It is true where the query matches, and false or NULL where it does not.
 */
export function toSql(query: Query, journalId: string): Sql {
  switch (query.type) {
    case 'all':
      return sql`TRUE`
    case 'and':
      return joined(
        query.of.map((part) => toSql(part, journalId)),
        ' AND '
      )
    case 'or':
      return joined(
        query.of.map((part) => toSql(part, journalId)),
        ' OR '
      )
    case 'not':
      // What is not there is NULL, and NOT NULL would be NULL again.
      return sql`(${toSql(query.of, journalId)}) IS NOT TRUE`
    default:
      return conditionSql(query, journalId)
  }
}

function conditionSql(condition: Condition, journalId: string): Sql {
  if (condition.type === 'exists') {
    const group = groupFields(condition.field)
    if (group.length > 0)
      return joined(
        group.map((one) => conditionSql({ type: 'exists', field: one.name }, journalId)),
        ' OR '
      )
  }
  if (condition.type === 'words' || condition.type === 'word-like') return textSql(condition)
  const one = field(condition.field)
  return columnSql(one, condition, journalId) ?? inValues(one, (value) => valueSql(value, one, condition))
}

/** A condition on a value of the event's JSON. */
function valueSql(value: Sql, one: Field, condition: ValueCondition): Sql {
  switch (condition.type) {
    case 'exists':
      return one.kind === 'keyword' || one.kind === 'labels' ? isShort(value, one) : sql`${value} IS NOT NULL`
    case 'equals':
      return condition.value.length > one.charactersMax ? sql`FALSE` : sql`${value} = ${condition.value}`
    case 'like':
      return sql`${value} GLOB ${globOf(condition.pattern)} AND ${isShort(value, one)}`
    case 'is':
      return sql`${value} = ${Number(condition.value)}`
    case 'range': {
      if (one.kind === 'number') return between(value, condition.from, condition.to)
      if (one.kind === 'date') return between(sql`playtrail_time(${value})`, condition.from, condition.to)
      const { from = BEFORE_ALL, to = BEHIND_ALL } = condition
      return sql`playtrail_address(${value}) BETWEEN ${from} AND ${to}`
    }
  }
}

/** Longer values are not found: see Field. A character has at most two UTF-16 units. */
function isShort(value: Sql, { charactersMax: max }: Field): Sql {
  return sql`(length(${value}) <= ${Math.floor(max / 2)} OR playtrail_length(${value}) <= ${max})`
}

/** Looks at the texts of one event after the other; the index may say beforehand which events have the words. */
function textSql(condition: TextCondition): Sql {
  const search: TextSearch =
    condition.type === 'words'
      ? { type: 'words', words: condition.words }
      : { type: 'word-like', pattern: condition.pattern }
  const written = JSON.stringify(search)
  if (condition.field === undefined) return sql`playtrail_texts(e.payload, ${written})`
  return inValues(field(condition.field), (value) => sql`playtrail_text(${value}, ${written})`)
}

const PAYLOAD = sql`CAST(e.payload AS TEXT)`
const VALUE: Sql = { text: 'v.value', values: [] }

/** The condition holds for a value of the field: for the only one, or for one of a list, or of a list of objects. */
function inValues({ name, path }: Field, condition: (value: Sql) => Sql): Sql {
  const objects = path.findIndex(
    (_, at) => at < path.length - 1 && lists.has(path.slice(0, at + 1).join('.'))
  )
  if (objects >= 0) {
    const [list, inner] = [path.slice(0, objects + 1), path.slice(objects + 1)]
    return sql`EXISTS (SELECT 1 FROM json_each(${PAYLOAD}, ${jsonPath(list)}) o, json_each(o.value, ${jsonPath(inner)}) v
      WHERE ${condition(VALUE)})`
  }
  if (name === LABELS || lists.has(path.join('.')))
    return sql`EXISTS (SELECT 1 FROM json_each(${PAYLOAD}, ${jsonPath(path)}) v WHERE ${condition(VALUE)})`
  return sql`(${condition(sql`json_extract(${PAYLOAD}, ${jsonPath(path)})`)})`
}

function jsonPath(path: readonly string[]): string {
  return `$${path.map((key) => `."${key}"`).join('')}`
}
