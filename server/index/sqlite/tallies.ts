import type Database from 'better-sqlite3'
import { rangeOf } from '../durations.ts'
import { type ResultStatus, resultStatuses } from '../store.ts'
import { addDurationFunctions, encodeCounts, type PlacedCounts, placeOf } from './duration-counts.ts'
import type { KeyedEvent } from './keyed-event.ts'
import { CHECKED, FLAKY, HOST_RESULT } from './tables.ts'
import { tallyStatements } from './tally-sql.ts'

/** Counts events, and adds the counts to the roll-ups all at once: a batch has few groups beside its events. */
export interface Tallies {
  /** To all roll-ups, or to one of them. */
  add(event: KeyedEvent): void
  addToHours(event: KeyedEvent): void
  addToHosts(event: KeyedEvent): void
  addToTasks(event: KeyedEvent, days: 1 | 7): void
  /** Within the transaction that wrote the events. */
  write(): void
  /** Forgets what was counted and not written. */
  forget(): void
}

interface HostTally {
  key: number[]
  /** By the number of the status; what has another one is counted last. */
  counts: number[]
  lasts: (number | null)[]
  done: number | null
}

interface TaskTally {
  key: number[]
  counts: number[]
  lasts: (number | null)[]
  flaky: Record<'ok' | 'changed', number>
  durations: PlacedCounts
}

export const HOUR_US = 3_600_000_000
export const DAY_US = 24 * HOUR_US
const OTHERS = resultStatuses.length

export function openTallies(db: Database.Database): Tallies {
  addDurationFunctions(db)
  const statements = tallyStatements(db)
  const hours = new Map<string, { key: (number | string)[]; events: number }>()
  const hosts = new Map<string, HostTally>()
  const tasks = new Map<string, TaskTally>()

  function addToHours({ timestamp, action, status, playbook, user }: KeyedEvent): void {
    const hour = Math.floor(timestamp / HOUR_US)
    const name = `${hour} ${action} ${playbook} ${user} ${status}`
    const tally = hours.get(name)
    if (tally !== undefined) tally.events++
    else hours.set(name, { key: [hour, action ?? 0, status ?? '', playbook ?? 0, user ?? 0], events: 1 })
  }

  function addToHosts(event: KeyedEvent): void {
    const { timestamp, run, action, playbook, host, user, flags } = event
    if (host === null) return
    const hour = Math.floor(timestamp / HOUR_US)
    const name = `${host} ${run} ${hour} ${action} ${playbook} ${user}`
    const key = [action ?? 0, host, run ?? 0, hour, playbook ?? 0, user ?? 0]
    const tally = hosts.get(name) ?? { key, counts: [0, 0, 0, 0, 0, 0], lasts: noLasts(), done: null }
    hosts.set(name, tally)
    const number = numberOf(event.status)
    tally.counts[number] = (tally.counts[number] ?? 0) + 1
    if (action !== HOST_RESULT || number === OTHERS) return
    tally.lasts[number] = latest(tally.lasts[number], timestamp)
    if (event.status === 'changed' && (flags & CHECKED) === 0) tally.done = latest(tally.done, timestamp)
  }

  function addToTasks(event: KeyedEvent, days: 1 | 7): void {
    const { timestamp, action, playbook, user, task, duration, flags } = event
    const number = numberOf(event.status)
    if (task === null || action !== HOST_RESULT || number === OTHERS) return
    const start = startOf(timestamp, days)
    const name = `${task} ${start} ${days} ${playbook} ${user}`
    let tally = tasks.get(name)
    if (tally === undefined) {
      const key = [days, start, task, playbook ?? 0, user ?? 0]
      const counts = [0, 0, 0, 0, 0]
      tally = { key, counts, lasts: noLasts(), flaky: { ok: 0, changed: 0 }, durations: new Map() }
      tasks.set(name, tally)
    }
    const status = event.status as ResultStatus
    tally.counts[number] = (tally.counts[number] ?? 0) + 1
    tally.lasts[number] = latest(tally.lasts[number], timestamp)
    if ((flags & FLAKY) !== 0 && (status === 'ok' || status === 'changed')) tally.flaky[status]++
    const place = duration === null ? undefined : placeOf(rangeOf(duration), status)
    if (place !== undefined) tally.durations.set(place, (tally.durations.get(place) ?? 0) + 1)
  }

  function forget(): void {
    hours.clear()
    hosts.clear()
    tasks.clear()
  }

  return {
    add(event) {
      addToHours(event)
      addToHosts(event)
      addToTasks(event, 1)
      addToTasks(event, 7)
    },
    addToHours,
    addToHosts,
    addToTasks,
    write() {
      for (const { key, events } of hours.values()) statements.addHour.run(...key, events)
      for (const { key, counts, lasts, done } of hosts.values())
        statements.addHost.run(...key, ...counts, ...lasts, done)
      for (const { key, counts, lasts, flaky, durations } of tasks.values()) {
        const bytes = durations.size === 0 ? null : encodeCounts(durations)
        statements.addTask.run(...key, ...counts, flaky.ok, flaky.changed, ...lasts, bytes)
      }
      forget()
    },
    forget
  }
}

/** The first day of the span of days that a time is in, counted from 1970. Spans of seven begin on Monday. */
export function startOf(microseconds: number, days: 1 | 7): number {
  const day = Math.floor(microseconds / DAY_US)
  // The first of January 1970 was a Thursday.
  return days === 1 ? day : Math.floor((day + 3) / 7) * 7 - 3
}

function numberOf(status: string | null): number {
  const number = resultStatuses.findIndex((known) => known === status)
  return number < 0 ? OTHERS : number
}

function noLasts(): null[] {
  return [null, null, null, null, null]
}

function latest(one: number | null | undefined, other: number): number {
  return one === null || one === undefined ? other : Math.max(one, other)
}
