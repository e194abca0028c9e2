import Database from 'better-sqlite3'
import { addCounts } from '../../server/index/sqlite/duration-counts.ts'

/** The roll-ups of an index as texts, with names instead of keys. */
export function rollUpsOf(path: string): string[] {
  const db = new Database(path, { readonly: true })
  try {
    const name = (key: string): string => `(SELECT name FROM names WHERE key = ${key}) AS ${key}`
    const common = `${name('playbook')}, ${name('user')}`
    const run = '(SELECT id FROM runs WHERE key = run) AS run'
    const rows = [
      `SELECT *, ${name('action')}, ${common} FROM tallies`,
      `SELECT *, ${name('action')}, ${name('host')}, ${run}, ${common} FROM host_tallies`,
      `SELECT *, ${name('task')}, ${common} FROM task_tallies`
    ].flatMap((sql) => db.prepare<[], Record<string, unknown>>(sql).all())
    return rows.map(inWords).sort()
  } finally {
    db.close()
  }
}

function inWords(row: Record<string, unknown>): string {
  return JSON.stringify(row, (_name, value: unknown) => {
    if (!isBytes(value)) return value
    const counts = new Map<number, number>()
    addCounts(counts, Buffer.from(value.data))
    return [...counts].sort(([one], [other]) => one - other)
  })
}

/** What JSON makes of a Buffer, before a replacer sees it. */
function isBytes(value: unknown): value is { type: 'Buffer'; data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer'
}
