import { statSync, truncateSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { Random } from '../support/random.ts'
import type { Kind } from './mutations.ts'

// The same kinds of damage to the rows of an index, and what verify has to name then: a record, or the document's own id.

export interface IndexDamage {
  kind: Kind
  what: string
  /** The records that the row is about. */
  records: ReadonlySet<number>
  /** What the document is called. */
  ids: readonly string[]
  /** The file itself was cut to so many bytes. */
  cutTo?: number
}

/** Tables with what the documents say; roll-ups and words are made of them. */
const tables = ['events', 'results', 'runs', 'tasks', 'names'] as const
type Table = (typeof tables)[number]
type Row = Record<string, unknown>

/** Damages the index, of which nobody else has a connection. Undefined if this kind makes no sense at the drawn place. */
export function damageIndex(path: string, kind: Kind, random: Random): IndexDamage | undefined {
  if (kind === 'remove') return undefined
  if (kind === 'truncate' && random.chance(0.5)) return cutFile(path, random)
  const db = new Database(path)
  try {
    db.pragma('foreign_keys = off')
    db.defaultSafeIntegers()
    return damagesOf[kind](new Index(db, random))
  } catch (error) {
    // Two rows of one key are none: SQLite does not take them.
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_CONSTRAINT')) return undefined
    throw error
  } finally {
    db.close()
  }
}

function cutFile(path: string, random: Random): IndexDamage {
  const bytes = random.integer(statSync(path).size)
  truncateSync(path, bytes)
  return { kind: 'truncate', what: 'the file', records: new Set(), ids: [], cutTo: bytes }
}

const damagesOf: Record<Exclude<Kind, 'remove'>, (index: Index) => IndexDamage | undefined> = {
  flip: (index) => {
    const { table, rowid, row } = index.draw(tables)
    const columns = Object.keys(row).filter(
      (name) => row[name] !== null && !(table === 'names' && name === 'key')
    )
    const column = columns[index.random.integer(columns.length)] ?? ''
    const about = index.about(table, row)
    // A host that no event has is nothing that the index says.
    if (about.records.size === 0) return undefined
    index.set(table, rowid, { [column]: flipped(row[column], index.random) })
    return { kind: 'flip', what: `${table}.${column} of ${rowid}`, ...about }
  },
  delete: (index) => {
    const { table, rowid, row } = index.draw(['events', 'results', 'runs'])
    const about = index.about(table, row)
    index.db.prepare(`DELETE FROM ${table} WHERE ${keyOf[table]} = ?`).run(...rowid)
    return { kind: 'delete', what: `${table} ${rowid}`, ...about }
  },
  insert: (index) => {
    const { table, row } = index.draw(['events', 'runs'])
    const id = `${row.id}0`
    const key = table === 'events' ? 'record' : 'key'
    const next = index.db
      .prepare<[], { next: bigint }>(`SELECT max(${key}) + 1 AS next FROM ${table}`)
      .get()?.next
    index.add(table, { ...row, id, [key]: next })
    return { kind: 'insert', what: `${table} ${next}`, records: new Set(), ids: [id] }
  },
  swap: (index) => {
    const [one, other] = [index.draw(['events']), index.draw(['events'])]
    if (one.row.record === other.row.record) return undefined
    index.set('events', one.rowid, { payload: other.row.payload })
    index.set('events', other.rowid, { payload: one.row.payload })
    const records = new Set([Number(one.row.record), Number(other.row.record)])
    return { kind: 'swap', what: `payloads of ${[...records]}`, records, ids: [] }
  },
  truncate: (index) => {
    const { row } = index.draw(['events'])
    index.db.prepare('DELETE FROM events WHERE record >= ?').run(row.record)
    return {
      kind: 'truncate',
      what: `events from ${row.record} on`,
      records: new Set([Number(row.record)]),
      ids: []
    }
  }
}

const keyOf: Record<Table, string> = {
  events: 'record',
  results: "task || ' ' || host",
  runs: 'key',
  tasks: 'key',
  names: 'key'
}

class Index {
  readonly db: Database.Database
  readonly random: Random

  constructor(db: Database.Database, random: Random) {
    this.db = db
    this.random = random
  }

  draw<Name extends Table>(from: readonly [Name, ...Name[]]): { table: Name; rowid: [unknown]; row: Row } {
    const table = this.random.pick(from)
    const count = Number(
      this.db.prepare<[], { count: bigint }>(`SELECT count(*) AS count FROM ${table}`).get()?.count
    )
    const found = this.db
      .prepare<[number], Row>(`SELECT ${keyOf[table]} AS "row key", * FROM ${table} LIMIT 1 OFFSET ?`)
      .get(this.random.integer(count))
    const { 'row key': key, ...row } = found ?? {}
    return { table, rowid: [key], row }
  }

  set(table: Table, rowid: [unknown], columns: Row): void {
    for (const [name, value] of Object.entries(columns))
      this.db.prepare(`UPDATE ${table} SET "${name}" = ? WHERE ${keyOf[table]} = ?`).run(value, ...rowid)
  }

  add(table: Table, row: Row): void {
    const names = Object.keys(row)
    this.db
      .prepare(`INSERT INTO ${table} (${names.map((name) => `"${name}"`)}) VALUES (${names.map(() => '?')})`)
      .run(...Object.values(row))
  }

  /** The records that a row is made of. */
  about(table: Table, row: Row): Pick<IndexDamage, 'records' | 'ids'> {
    const recordsOf = (from: string, ...values: unknown[]): Set<number> =>
      new Set(
        this.db
          .prepare<unknown[], { record: bigint }>(`SELECT record FROM ${from}`)
          .all(...values)
          .map(({ record }) => Number(record))
      )
    switch (table) {
      case 'events':
      case 'results':
        return { records: new Set([Number(row.record)]), ids: [] }
      case 'runs':
        return { records: recordsOf('events WHERE run = ?', row.key), ids: [String(row.id)] }
      case 'tasks':
        return { records: recordsOf('results WHERE task = ?', row.key), ids: [] }
      case 'names':
        return {
          records: recordsOf('events WHERE ? IN (action, playbook, host, user, task)', row.key),
          ids: []
        }
    }
  }
}

/** The value with one bit of it changed, of a text or a number one that leaves it one. */
function flipped(value: unknown, random: Random): unknown {
  if (typeof value === 'bigint') return value ^ (1n << BigInt(random.integer(20)))
  const bytes = Buffer.from(value as string | Buffer)
  const at = random.integer(bytes.length)
  const bit = typeof value === 'string' ? 1 : 1 << random.integer(8)
  if (bytes.length > 0) bytes.writeUInt8(bytes.readUInt8(at) ^ bit, at)
  return typeof value === 'string' ? bytes.toString('utf8') : bytes
}
