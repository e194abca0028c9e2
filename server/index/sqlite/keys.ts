import type Database from 'better-sqlite3'
import type { ResultColumns } from '../columns.ts'

/** Keys that are remembered at once of each kind; then they are all forgotten and looked up again. */
const REMEMBERED_MAX = 20_000

/** The small numbers that stand for names and tasks, looked up or made. */
export interface Keys {
  name(name: string | null): number | null
  task(run: number, result: ResultColumns): number
  /** Notes that the run has a result on the host. */
  runHost(host: number, runId: string): void
  /** Must be called when a transaction was rolled back: keys that it made are no more. */
  forget(): void
}

export function openKeys(db: Database.Database): Keys {
  const findName = db.prepare<[string], number>('SELECT key FROM names WHERE name = ?').pluck()
  const addName = db.prepare<[string]>('INSERT INTO names (name) VALUES (?)')
  type Task = [run: number, playId: string, batch: number, taskId: string, occurrence: number]
  const findTask = db
    .prepare<Task, number>(
      'SELECT key FROM tasks WHERE run = ? AND play_id = ? AND batch = ? AND task_id = ? AND occurrence = ?'
    )
    .pluck()
  const addTask = db.prepare<Task>(
    'INSERT INTO tasks (run, play_id, batch, task_id, occurrence) VALUES (?, ?, ?, ?, ?)'
  )
  const addRunHost = db.prepare<[number, string]>('INSERT OR IGNORE INTO run_hosts VALUES (?, ?)')

  const names = new Map<string, number>()
  const tasks = new Map<string, number>()
  const runHosts = new Set<string>()

  return {
    name(name) {
      if (name === null) return null
      const known = names.get(name)
      if (known !== undefined) return known
      const key = findName.get(name) ?? Number(addName.run(name).lastInsertRowid)
      keepRoom(names)
      names.set(name, key)
      return key
    },
    task(run, { playId, batch, taskId, occurrence }) {
      const identity = `${run} ${batch} ${occurrence} ${playId.length} ${playId}${taskId}`
      const known = tasks.get(identity)
      if (known !== undefined) return known
      const task: Task = [run, playId, batch, taskId, occurrence]
      const key = findTask.get(...task) ?? Number(addTask.run(...task).lastInsertRowid)
      keepRoom(tasks)
      tasks.set(identity, key)
      return key
    },
    runHost(host, runId) {
      const identity = `${host} ${runId}`
      if (runHosts.has(identity)) return
      addRunHost.run(host, runId)
      keepRoom(runHosts)
      runHosts.add(identity)
    },
    forget() {
      names.clear()
      tasks.clear()
      runHosts.clear()
    }
  }
}

function keepRoom(remembered: Map<string, number> | Set<string>): void {
  if (remembered.size >= REMEMBERED_MAX) remembered.clear()
}
