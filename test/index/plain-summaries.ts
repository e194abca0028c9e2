import { matches as queryMatches } from '../../server/ask/query/evaluate.ts'
import type { Event } from '../../server/event-types.ts'
import { microsecondsOf } from '../../server/index/columns.ts'
import { addDuration, type DurationCounts, percentilesOf, rangeOf } from '../../server/index/durations.ts'
import { timeOfRunId } from '../../server/index/run-id.ts'
import { type ResultStatus, type Run, resultStatuses, runStatuses } from '../../server/index/store.ts'
import type {
  EventFilter,
  Facet,
  FacetField,
  HistogramBucket,
  HistogramInterval,
  HostSummary,
  LastRun,
  LastSeen,
  PlaybookSummary,
  TaskSummary,
  UserSummary
} from '../../server/index/summaries.ts'
import { matches } from './model.ts'

// What a store should sum up, worked out the plain way. Events are those of the journal in its order; runs are
// documents as a store answers them. Lists are in the order of their names.

const DAY_MS = 86_400_000

export function plainHosts(journal: readonly Event[], filter: EventFilter): HostSummary[] {
  return grouped(resultsOf(journal, filter), (event) => event.host?.name).map(([name, events]) => {
    const changed = events.filter(
      (event) => statusOf(event) === 'changed' && event.ansible?.task?.check_mode !== true
    )
    const failed = events.filter(hasFailed)
    return {
      host: { name },
      results: countsOf(events),
      runs: new Set(events.flatMap((event) => event.run?.id ?? [])).size,
      last_run: lastSeen(latest(events)),
      ...(changed.length > 0 && { last_change: lastSeen(latest(changed)) }),
      ...(failed.length > 0 && { last_failure: lastSeen(latest(failed)) })
    }
  })
}

export function plainTasks(journal: readonly Event[], filter: EventFilter): TaskSummary[] {
  return grouped(resultsOf(journal, filter), (event) => event.ansible?.task?.key).map(([key, events]) => {
    const results = countsOf(events)
    const failed = results.failed + results.unreachable
    const tried = results.ok + results.changed + failed
    const flaky = events.filter(
      (event) => ['ok', 'changed'].includes(statusOf(event)) && (event.ansible?.result?.attempts ?? 0) > 1
    ).length
    const last = latest(events)
    const { name, action, role, path } = last.ansible?.task ?? {}
    return {
      ansible: { task: { key, ...present({ name, action, role, path }) } },
      results,
      flaky,
      ...(tried > 0 && {
        failure_rate: failed / tried,
        change_rate: results.changed / tried,
        flake_rate: flaky / tried
      }),
      ...durationOf(events.flatMap(timeTaken)),
      last_result: lastSeen(last),
      weeks: grouped(events, (event) => weekOf(event['@timestamp'])).map(([week, ofWeek]) => ({
        '@timestamp': week,
        results: ofWeek.length,
        changed: ofWeek.filter((event) => statusOf(event) === 'changed').length,
        failed: ofWeek.filter(hasFailed).length,
        ...durationOf(ofWeek.flatMap(timeTaken))
      }))
    }
  })
}

export function plainFacets(
  journal: readonly Event[],
  filter: EventFilter,
  fields: readonly FacetField[],
  valuesMax: number
): Facet[] {
  const events = eventsOf(journal, filter)
  return fields.map((field) => {
    const values = grouped(events, (event) => fieldOf(event, field))
      .map(([value, group]) => ({ value, events: group.length }))
      .sort((one, other) => other.events - one.events)
    const others = values.slice(valuesMax).reduce((sum, one) => sum + one.events, 0)
    return { field, values: values.slice(0, valuesMax), others }
  })
}

export function plainHistogram(
  journal: readonly Event[],
  filter: EventFilter,
  interval: HistogramInterval
): HistogramBucket[] {
  const events = eventsOf(journal, filter)
  return grouped(events, (event) => intervalOf(event['@timestamp'], interval)).map(([start, group]) => ({
    '@timestamp': start,
    events: group.length,
    statuses: Object.fromEntries(
      grouped(group, (event) => fieldOf(event, 'status')).map(([status, { length }]) => [status, length])
    )
  }))
}

/** Of all runs that pass the filter. */
export function plainPlaybooks(runs: readonly Run[]): PlaybookSummary[] {
  return grouped(runs, ({ run }) => run.name).map(([name, group]) => {
    const succeeded = group.filter(({ run }) => run.status === 'success' || run.status === 'changed')
    return {
      run: { name },
      ...ratesOf(group),
      last_run: lastRun(group),
      ...(succeeded.length > 0 && { last_success: lastRun(succeeded) }),
      ...durationOf(group.flatMap(({ event }) => event.duration ?? [])),
      weeks: grouped(group, ({ run }) => weekOf(timeOfRunId(run.id))).map(([week, ofWeek]) => ({
        '@timestamp': week,
        runs: ofWeek.length,
        failed: ofWeek.filter(runHasFailed).length,
        ...durationOf(ofWeek.flatMap(({ event }) => event.duration ?? []))
      }))
    }
  })
}

export function plainUsers(runs: readonly Run[]): UserSummary[] {
  return grouped(runs, ({ user }) => user?.name).map(([name, group]) => ({
    user: { name },
    ...ratesOf(group),
    playbooks: new Set(group.flatMap(({ run }) => run.name ?? [])).size,
    last_run: lastRun(group)
  }))
}

function eventsOf(journal: readonly Event[], filter: EventFilter): Event[] {
  const { fromMs = -Infinity, toMs = Infinity, matching } = filter
  return journal.filter((event) => {
    const time = timeOf(event) / 1000
    return (
      time >= fromMs &&
      time < toMs &&
      (filter.runId === undefined || event.run?.id === filter.runId) &&
      (filter.action === undefined || event.event.action === filter.action) &&
      matches(event.run?.name, filter.playbook) &&
      matches(event.host?.name, filter.host) &&
      (filter.user === undefined || event.user?.name === filter.user) &&
      (filter.status === undefined || fieldOf(event, 'status') === filter.status) &&
      (filter.taskKey === undefined || event.ansible?.task?.key === filter.taskKey) &&
      (matching === undefined ||
        queryMatches(matching, { ...event, event: { ingested: '', hash: '', ...event.event } }))
    )
  })
}

function resultsOf(journal: readonly Event[], filter: EventFilter): Event[] {
  return eventsOf(journal, filter).filter(
    ({ event, host, ansible }) =>
      event.action === 'host.result' && host !== undefined && ansible?.result !== undefined
  )
}

function fieldOf(event: Event, field: FacetField): string | undefined {
  switch (field) {
    case 'event.action':
      return event.event.action
    case 'status':
      return event.ansible?.result?.status ?? event.run?.status
    case 'host.name':
      return event.host?.name
    case 'user.name':
      return event.user?.name
    case 'run.name':
      return event.run?.name
  }
}

/** Groups in the order of their names; what has none is in no group. */
function grouped<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string | undefined
): [name: string, items: Item[]][] {
  const groups = Map.groupBy(items, nameOf)
  groups.delete(undefined)
  return [...groups]
    .map(([name = '', group]): [string, Item[]] => [name, group])
    .sort(([one], [other]) => (one < other ? -1 : 1))
}

/** The last one in time; of several at the same time the last one in the journal. */
function latest(events: readonly Event[]): Event {
  return events.reduce((one, other) => (timeOf(other) >= timeOf(one) ? other : one))
}

function lastSeen({ '@timestamp': timestamp, run, user }: Event): LastSeen {
  return {
    '@timestamp': timestamp,
    ...(run && { run: { id: run.id, ...present({ name: run.name }) } }),
    ...(user?.name !== undefined && { user: { name: user.name } })
  }
}

function lastRun(runs: readonly Run[]): LastRun {
  const { run, user } = runs.reduce((one, other) => (other.run.id > one.run.id ? other : one))
  return {
    '@timestamp': timeOfRunId(run.id),
    run: { id: run.id, status: run.status, ...present({ name: run.name }) },
    ...(user?.name !== undefined && { user: { name: user.name } })
  }
}

function ratesOf(group: readonly Run[]): Pick<PlaybookSummary, 'runs' | 'failure_rate'> {
  const counts = runStatuses.map((status) => [
    status,
    group.filter(({ run }) => run.status === status).length
  ])
  const ended = group.filter(({ run }) => run.status !== 'running').length
  return {
    runs: Object.fromEntries(counts) as PlaybookSummary['runs'],
    ...(ended > 0 && { failure_rate: group.filter(runHasFailed).length / ended })
  }
}

function runHasFailed({ run }: Run): boolean {
  return ['failed', 'unreachable', 'aborted'].includes(run.status)
}

function statusOf(event: Event): string {
  return event.ansible?.result?.status ?? ''
}

function hasFailed(event: Event): boolean {
  return ['failed', 'unreachable'].includes(statusOf(event))
}

function countsOf(events: readonly Event[]): Record<ResultStatus, number> {
  const counts = resultStatuses.map((status) => [
    status,
    events.filter((event) => statusOf(event) === status).length
  ])
  return Object.fromEntries(counts) as Record<ResultStatus, number>
}

/** Skipped ones took no time, and unreachable ones the time that it takes to find out. */
function timeTaken(event: Event): number[] {
  const { duration } = event.event
  // A negative one is no duration.
  return duration !== undefined && duration >= 0 && ['ok', 'changed', 'failed'].includes(statusOf(event))
    ? [duration]
    : []
}

function durationOf(durations: readonly number[]): Pick<TaskSummary, 'duration'> {
  const counts: DurationCounts = new Map()
  for (const duration of durations) addDuration(counts, rangeOf(duration))
  const duration = percentilesOf(counts)
  return duration === undefined ? {} : { duration }
}

function timeOf(event: Event): number {
  return microsecondsOf(event['@timestamp']) ?? Number.NaN
}

function weekOf(time: string): string {
  return intervalOf(time, 'week')
}

function intervalOf(time: string, interval: HistogramInterval): string {
  const lengthMs = { minute: 60_000, hour: 3_600_000, day: DAY_MS, week: 7 * DAY_MS }[interval]
  // The first of January 1970 was a Thursday.
  const offsetMs = interval === 'week' ? 3 * DAY_MS : 0
  const ms = Date.parse(time)
  return new Date(Math.floor((ms + offsetMs) / lengthMs) * lengthMs - offsetMs).toISOString()
}

function present<Value>(members: Record<string, Value | undefined>): Record<string, Value> {
  const there = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(there) as Record<string, Value>
}
