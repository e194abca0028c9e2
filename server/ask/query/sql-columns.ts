import type { ValueCondition } from './ast.ts'
import { type Field, STATUS } from './fields.ts'
import { globOf } from './patterns.ts'
import { between, type Sql, sql } from './sql.ts'

/** Columns of keys, and the table of what they stand for. */
const keys: Readonly<Record<string, { column: Sql; equal(value: string): Sql; like(glob: string): Sql }>> = {
  'run.id': {
    column: sql`e.run`,
    equal: (value) => sql`(SELECT key FROM runs WHERE id = ${value})`,
    like: (glob) => sql`(SELECT key FROM runs WHERE id GLOB ${glob})`
  },
  'run.name': nameColumn(sql`e.playbook`),
  'host.name': nameColumn(sql`e.host`),
  'user.name': nameColumn(sql`e.user`),
  'event.action': nameColumn(sql`e.action`),
  'ansible.task.key': nameColumn(sql`e.task`)
}

/** Columns that hold the value itself. */
const texts: Readonly<Record<string, Sql>> = {
  [STATUS]: sql`e.status`,
  'event.id': sql`e.id`,
  'playtrail.sender': sql`e.sender`
}
const numbers: Readonly<Record<string, Sql>> = {
  '@timestamp': sql`e.timestamp`,
  'event.ingested': sql`(e.received / 1000 * 1000)`,
  'playtrail.index': sql`e.record`
}

/**
 * A condition on a field that has a column; undefined for the other fields. These are never longer than
 * `charactersMax`, but for a name of more than 512 characters beyond Unicode's first 65,536, such as emoji: it is
 * found here, and not in Elasticsearch.
 */
export function columnSql(
  { name, charactersMax }: Field,
  condition: ValueCondition,
  journalId: string
): Sql | undefined {
  const { type } = condition
  const key = keys[name]
  const text = name === 'playtrail.log' ? sql`${journalId}` : texts[name]
  const number = numbers[name]
  if (number !== undefined)
    return type === 'range' ? between(number, condition.from, condition.to) : sql`${number} IS NOT NULL`
  const column = key?.column ?? text
  if (column === undefined) return undefined
  if (type === 'equals') {
    const { value } = condition
    return value.length > charactersMax ? sql`FALSE` : sql`${column} = ${key?.equal(value) ?? value}`
  }
  if (type !== 'like') return sql`${column} IS NOT NULL`
  const glob = globOf(condition.pattern)
  return key === undefined ? sql`${column} GLOB ${glob}` : sql`${column} IN ${key.like(glob)}`
}

function nameColumn(column: Sql): (typeof keys)[string] {
  return {
    column,
    equal: (value) => sql`(SELECT key FROM names WHERE name = ${value})`,
    like: (glob) => sql`(SELECT key FROM names WHERE name GLOB ${glob})`
  }
}
