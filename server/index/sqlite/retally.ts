import type Database from 'better-sqlite3'
import { KEYED_EVENT, type KeyedEvent } from './keyed-event.ts'
import { DAY_US, HOUR_US, openTallies, startOf } from './tallies.ts'
import { ACTIONS_OF_HOSTS } from './tally-sql.ts'

/** Makes parts of the roll-ups anew, where events were changed or removed. */
export interface Retally {
  /** Notes what counts the event as it was, or as it is from now on. */
  note(event: KeyedEvent): void
  /** Notes the event of a record as it stands in the index, if it does. */
  noteRecord(record: number): void
  /** Counts again what was noted. Within the transaction that changed the events, at its end. */
  write(): void
}

/**
 * Whatever the roll-ups said of an hour, of the hosts of a run and of a task in a week is counted again from the
 * events that are there by then: so it makes no difference what had been counted before.
 */
export function openRetally(db: Database.Database): Retally {
  const statements = prepare(db)
  const tallies = openTallies(db)
  const hours = new Set<number>()
  const runs = new Set<number>()
  const hosts = new Map<string, { host: number; hour: number }>()
  const tasks = new Map<string, { task: number; week: number }>()

  function note({ timestamp, run, host, task }: KeyedEvent): void {
    const hour = Math.floor(timestamp / HOUR_US)
    const week = startOf(timestamp, 7)
    hours.add(hour)
    if (run !== null) runs.add(run)
    else if (host !== null) hosts.set(`${host} ${hour}`, { host, hour })
    if (task !== null) tasks.set(`${task} ${week}`, { task, week })
  }

  function recount(): void {
    for (const hour of hours) {
      statements.forgetHour.run(hour)
      const [from, to] = [hour * HOUR_US, (hour + 1) * HOUR_US]
      for (const event of statements.ofTime.iterate(from, to)) tallies.add(event, 'hours')
    }
    for (const run of runs) {
      statements.forgetRun.run(run)
      for (const event of statements.ofRun.iterate(run)) tallies.add(event, 'hosts')
    }
    for (const { host, hour } of hosts.values()) {
      statements.forgetHost.run(host, hour)
      const [from, to] = [hour * HOUR_US, (hour + 1) * HOUR_US]
      for (const event of statements.ofHost.iterate(host, from, to)) tallies.add(event, 'hosts')
    }
    for (const { task, week } of tasks.values()) {
      statements.forgetTask.run(task, week, week + 7)
      const [from, to] = [week * DAY_US, (week + 7) * DAY_US]
      for (const event of statements.ofTask.iterate(task, from, to)) tallies.add(event, 'tasks')
    }
  }

  return {
    note,
    noteRecord(record) {
      const event = statements.event.get(record)
      if (event !== undefined) note(event)
    },
    write() {
      recount()
      tallies.write()
      for (const noted of [hours, runs, hosts, tasks]) noted.clear()
    }
  }
}

function prepare(db: Database.Database) {
  const events = (where: string) => `SELECT ${KEYED_EVENT} FROM events WHERE ${where}`
  const ofTime = 'timestamp >= ? AND timestamp < ?'
  const ofActions = `action IN (${ACTIONS_OF_HOSTS})`
  return {
    event: db.prepare<[number], KeyedEvent>(events('record = ?')),
    ofTime: db.prepare<[number, number], KeyedEvent>(events(ofTime)),
    ofRun: db.prepare<[number], KeyedEvent>(events('run = ? AND host IS NOT NULL')),
    ofHost: db.prepare<[number, number, number], KeyedEvent>(
      events(`host = ? AND ${ofTime} AND run IS NULL`)
    ),
    ofTask: db.prepare<[number, number, number], KeyedEvent>(events(`task = ? AND ${ofTime}`)),
    forgetHour: db.prepare<[number]>('DELETE FROM tallies WHERE hour = ?'),
    forgetRun: db.prepare<[number]>(`DELETE FROM host_tallies WHERE ${ofActions} AND run = ?`),
    forgetHost: db.prepare<[number, number]>(
      `DELETE FROM host_tallies WHERE ${ofActions} AND run = 0 AND host = ? AND hour = ?`
    ),
    forgetTask: db.prepare<[number, number, number]>(
      'DELETE FROM task_tallies WHERE days IN (1, 7) AND task = ? AND start >= ? AND start < ?'
    )
  }
}
