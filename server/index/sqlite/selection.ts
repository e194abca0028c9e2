import type Database from 'better-sqlite3'

type Value = string | number

/** The WHERE of a question, put together from the filters that were given. */
export interface Selection {
  /** Puts a common table expression before the question: `name AS (SELECT …)`, with a value for each `?` in it. */
  with(table: string, ...values: Value[]): void
  /** Adds `condition`, with a value for each `?` in it. */
  where(condition: string, ...values: Value[]): void
  /** Adds `column = value`, unless there is no value. */
  equal(column: string, value: Value | undefined): void
  /** Adds from ≤ column < to, in microseconds, as far as there are such limits. */
  between(column: string, times: { fromMs?: number | undefined; toMs?: number | undefined }): void
  /** Rows of `SELECT <what> WHERE … <then>`, read as they are asked for; `values` belong to `then`. */
  rows<Row>(what: string, then: string, ...values: Value[]): Iterable<Row>
  /** The same, to be asked several times; a row is an array of its columns. */
  asking<Row extends unknown[]>(what: string, then: string): (...values: Value[]) => Iterable<Row>
}

export function select(db: Database.Database): Selection {
  const tables: string[] = []
  const conditions: string[] = []
  const bound: Value[] = []
  const boundInTables: Value[] = []

  function where(condition: string, ...values: Value[]): void {
    conditions.push(condition)
    bound.push(...values)
  }

  return {
    where,
    with(table, ...values) {
      tables.push(table)
      boundInTables.push(...values)
    },
    equal(column, value) {
      if (value !== undefined) where(`${column} = ?`, value)
    },
    between(column, { fromMs, toMs }) {
      if (fromMs !== undefined) where(`${column} >= ?`, wholeMicroseconds(fromMs))
      if (toMs !== undefined) where(`${column} < ?`, wholeMicroseconds(toMs))
    },
    rows<Row>(what: string, then: string, ...values: Value[]): Iterable<Row> {
      const statement = db.prepare<Value[], Row>(textOf(what, then))
      return statement.iterate(...boundInTables, ...bound, ...values)
    },
    asking<Row extends unknown[]>(what: string, then: string) {
      const statement = db.prepare<Value[], Row>(textOf(what, then)).raw()
      return (...values) => statement.iterate(...boundInTables, ...bound, ...values)
    }
  }

  function textOf(what: string, then: string): string {
    const condition = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
    const beginning = tables.length === 0 ? '' : `WITH ${tables.join(', ')} `
    return `${beginning}SELECT ${what} ${condition} ${then}`
  }
}

/** Of milliseconds, which may have a fraction. Beyond the year 2255 they are rounded, as the times of events are. */
export function wholeMicroseconds(ms: number): number {
  return Math.round(ms * 1000)
}

/** How to compare a column with `text`, in which `*` may stand for any characters. */
export function comparison(text: string): { operator: '=' | 'GLOB'; value: string } {
  return text.includes('*') ? { operator: 'GLOB', value: globOf(text) } : { operator: '=', value: text }
}

/** Keys of the names that equal `text`, in which `*` may stand for any characters. There may be none. */
export function nameKeys(db: Database.Database, text: string): number[] {
  const { operator, value } = comparison(text)
  return db.prepare<[string], number>(`SELECT key FROM names WHERE name ${operator} ?`).pluck().all(value)
}

/** The key of just this name, in which `*` is a sign like any other. */
export function nameKey(db: Database.Database, name: string): number | undefined {
  return db.prepare<[string], number>('SELECT key FROM names WHERE name = ?').pluck().get(name)
}

/** `column IN (…)` takes any number of keys as one value. */
export function keyList(keys: readonly number[]): string {
  return JSON.stringify(keys)
}

export const IN_KEY_LIST = 'IN (SELECT value FROM json_each(?))'

/** GLOB tells upper from lower case, like all our comparisons; its other signs are plain within brackets. */
function globOf(pattern: string): string {
  return pattern.replaceAll(/[?[]/g, '[$&]').replaceAll(/\*+/g, '*')
}
