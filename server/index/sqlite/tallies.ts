import type Database from 'better-sqlite3'
import { rangeOf } from '../durations.ts'
import { resultStatuses } from '../store.ts'
import { addDurationFunctions, encodeCounts, type PlacedCounts, placeOf } from './duration-counts.ts'
import type { KeyedEvent } from './keyed-event.ts'
import { CHECKED, FLAKY, HOST_RESULT } from './tables.ts'
import { addToTallies, type TallyWriter, takeFromTallies } from './tally-sql.ts'

/** Counts events, and adds the counts to the roll-ups all at once: a batch has few groups beside its events. */
export interface Tallies {
  /** To all roll-ups, or to one of them. */
  add(event: KeyedEvent, to?: RollUp): void
  /** Adds what was counted. Within the transaction that wrote the events. */
  write(): void
  /** Takes it away. Within the transaction that removed the events, the oldest ones of a run, behind that. */
  take(): void
  /** Forgets what was counted and not written. */
  forget(): void
}

export type RollUp = 'hours' | 'hosts' | 'tasks'

export const HOUR_US = 3_600_000_000
export const DAY_US = 24 * HOUR_US
const OTHERS = resultStatuses.length
const NONE = OTHERS + 1

/** Events of one hour, run, action, playbook and user: mostly those that come one after the other. */
interface Group {
  hour: number
  event: KeyedEvent
  statuses: Map<string | null, number>
  hosts: Map<number, Tally>
  tasks: Map<number, TaskTally>
}

interface Tally {
  /** By the number of the status; what has another one is counted behind them, and what has none last. */
  counts: [number, number, number, number, number, number, number]
  lasts: [Time, Time, Time, Time, Time]
  /** The last change that was not only checked. */
  done: Time
}
type Time = number | null

interface TaskTally extends Tally {
  flaky: { ok: number; changed: number }
  durations: PlacedCounts
}

export function openTallies(db: Database.Database): Tallies {
  addDurationFunctions(db)
  const adding = addToTallies(db)
  const taking = takeFromTallies(db)
  const groups = new Map<string, Group>()
  let group: Group | undefined

  function groupOf(event: KeyedEvent): Group {
    const hour = Math.floor(event.timestamp / HOUR_US)
    if (group !== undefined && group.hour === hour && isAlike(group.event, event)) return group
    const name = `${hour} ${event.run} ${event.action} ${event.playbook} ${event.user}`
    group = groups.get(name) ?? { hour, event, statuses: new Map(), hosts: new Map(), tasks: new Map() }
    groups.set(name, group)
    return group
  }

  function writeGroup({ hour, event, statuses, hosts, tasks }: Group, to: TallyWriter): void {
    const [run, action] = [event.run ?? 0, event.action ?? 0]
    const [playbook, user] = [event.playbook ?? 0, event.user ?? 0]
    for (const [status, events] of statuses) to.hour([hour, action, status ?? '', playbook, user], events)
    for (const [host, { counts, lasts, done }] of hosts)
      to.host([action, run, host, hour, playbook, user], counts, lasts, done)
    for (const [task, tally] of tasks) {
      const { lasts, flaky, durations } = tally
      const counts = tally.counts.slice(0, OTHERS)
      const bytes = durations.size === 0 ? null : encodeCounts(durations)
      const [day, week] = [startOf(hour * HOUR_US, 1), startOf(hour * HOUR_US, 7)]
      to.task([1, task, day, playbook, user], counts, [flaky.ok, flaky.changed], lasts, bytes)
      to.task([7, task, week, 0, 0], counts, [flaky.ok, flaky.changed], lasts, bytes)
    }
  }

  function forget(): void {
    groups.clear()
    group = undefined
  }

  return {
    add(event, to) {
      const { statuses, hosts, tasks } = groupOf(event)
      const { status, host, task, action } = event
      const number = numberOf(status)
      if (to === undefined || to === 'hours') statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (host === null) return
      if (to === undefined || to === 'hosts') count(tallyIn(hosts, host, newTally), event, number)
      if (to === 'hours' || to === 'hosts' || task === null) return
      if (action !== HOST_RESULT || number >= OTHERS) return
      countTask(tallyIn(tasks, task, newTaskTally), event, number)
    },
    write() {
      for (const each of groups.values()) writeGroup(each, adding)
      forget()
    },
    take() {
      for (const each of groups.values()) writeGroup(each, taking)
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

function isAlike(one: KeyedEvent, other: KeyedEvent): boolean {
  return (
    one.run === other.run &&
    one.action === other.action &&
    one.playbook === other.playbook &&
    one.user === other.user
  )
}

function count(tally: Tally, { timestamp, action, flags }: KeyedEvent, number: number): void {
  tally.counts[number] = (tally.counts[number] ?? 0) + 1
  if (action !== HOST_RESULT || number >= OTHERS) return
  tally.lasts[number] = later(tally.lasts[number], timestamp)
  if (resultStatuses[number] === 'changed' && (flags & CHECKED) === 0)
    tally.done = later(tally.done, timestamp)
}

function countTask(tally: TaskTally, event: KeyedEvent, number: number): void {
  count(tally, event, number)
  const status = resultStatuses[number]
  if (status === undefined) return
  const isFlaky = (event.flags & FLAKY) !== 0
  if (isFlaky && (status === 'ok' || status === 'changed')) tally.flaky[status]++
  const place = event.duration === null ? undefined : placeOf(rangeOf(event.duration), status)
  if (place !== undefined) tally.durations.set(place, (tally.durations.get(place) ?? 0) + 1)
}

function tallyIn<One>(tallies: Map<number, One>, key: number, make: () => One): One {
  const known = tallies.get(key)
  if (known !== undefined) return known
  const made = make()
  tallies.set(key, made)
  return made
}

function newTally(): Tally {
  return { counts: [0, 0, 0, 0, 0, 0, 0], lasts: [null, null, null, null, null], done: null }
}

function newTaskTally(): TaskTally {
  return { ...newTally(), flaky: { ok: 0, changed: 0 }, durations: new Map() }
}

function numberOf(status: string | null): number {
  if (status === null) return NONE
  const number = resultStatuses.indexOf(status as (typeof resultStatuses)[number])
  return number < 0 ? OTHERS : number
}

function later(one: Time | undefined, other: number): number {
  return one === null || one === undefined ? other : Math.max(one, other)
}
