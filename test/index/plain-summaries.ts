import { matches as queryMatches, type RunDocument } from '../../server/ask/query/evaluate.ts'
import type { Event } from '../../server/event-types.ts'
import { columnsOf, microsecondsOf } from '../../server/index/columns.ts'
import { addDuration, percentilesOf, rangeOf } from '../../server/index/durations.ts'
import { timeOfRunId } from '../../server/index/run-id.ts'
import { type ResultStatus, type RunStatus, resultStatuses, runStatuses } from '../../server/index/store.ts'
import type {
  EventFilter,
  Facet,
  FacetField,
  HistogramBucket,
  HistogramInterval,
  HostSummary,
  LastRun,
  LastSeen,
  Percentiles,
  PlaybookSummary,
  RunFilter,
  TaskSummary,
  UserSummary
} from '../../server/index/summaries.ts'
import { matches } from './model.ts'

// What a store should sum up, worked out the plain way: this is the definition. The events are those of the journal
// in its order, the runs those that the store answers, with the names of their hosts.

export function plainHosts(journal: readonly Event[], filter: EventFilter): HostSummary[] {
  return [...grouped(results(journal, filter), (event) => event.host?.name)].map(([name, events]) => {
    const changes = events.filter((event) => statusOf(event) === 'changed' && !isCheckOnly(event))
    const failures = events.filter((event) => isFailed(statusOf(event)))
    return {
      host: { name },
      results: counted(resultStatuses, events.map(statusOf)),
      runs: new Set(events.flatMap((event) => event.run?.id ?? [])).size,
      last_run: lastSeen(last(events)),
      ...(changes.length > 0 && { last_change: lastSeen(last(changes)) }),
      ...(failures.length > 0 && { last_failure: lastSeen(last(failures)) })
    }
  })
}

export function plainTasks(journal: readonly Event[], filter: EventFilter): TaskSummary[] {
  return [...grouped(results(journal, filter), (event) => event.ansible?.task?.key)].map(([key, events]) => {
    const sums = counted(resultStatuses, events.map(statusOf))
    const failed = sums.failed + sums.unreachable
    const tried = sums.ok + sums.changed + failed
    const flaky = events.filter(isFlaky).length
    const { name, action, role, path } = last(events).ansible?.task ?? {}
    const task = JSON.parse(JSON.stringify({ key, name, action, role, path }))
    return {
      ansible: { task },
      results: sums,
      flaky,
      ...(tried > 0 && {
        failure_rate: failed / tried,
        change_rate: sums.changed / tried,
        flake_rate: flaky / tried
      }),
      ...durationOf(timed(events)),
      last_result: lastSeen(last(events)),
      weeks: weeksOf(events, (event) => microseconds(event) / 1000).map(([start, inWeek]) => ({
        '@timestamp': start,
        results: inWeek.length,
        changed: inWeek.filter((event) => statusOf(event) === 'changed').length,
        failed: inWeek.filter((event) => isFailed(statusOf(event))).length,
        ...durationOf(timed(inWeek))
      }))
    }
  })
}

export function plainPlaybooks(all: readonly RunDocument[], filter: RunFilter): PlaybookSummary[] {
  return [...grouped(runsOf(all, filter), ({ run }) => run.name)].map(([name, runs]) => {
    const successes = runs.filter(({ run }) => run.status === 'success' || run.status === 'changed')
    return {
      run: { name },
      ...summedUp(runs),
      ...(successes.length > 0 && { last_success: lastRun(successes) }),
      ...durationOf(runs.map(({ event }) => event.duration)),
      weeks: weeksOf(runs, ({ run }) => startMs(run.id)).map(([start, inWeek]) => ({
        '@timestamp': start,
        runs: inWeek.length,
        failed: inWeek.filter(({ run }) => isFailed(run.status)).length,
        ...durationOf(inWeek.map(({ event }) => event.duration))
      }))
    }
  })
}

export function plainUsers(all: readonly RunDocument[], filter: RunFilter): UserSummary[] {
  return [...grouped(runsOf(all, filter), ({ user }) => user?.name)].map(([name, runs]) => ({
    user: { name },
    ...summedUp(runs),
    playbooks: new Set(runs.flatMap(({ run }) => run.name ?? [])).size
  }))
}

export function plainFacets(
  journal: readonly Event[],
  filter: EventFilter,
  fields: readonly FacetField[],
  valuesMax: number
): Facet[] {
  const readers: Record<FacetField, (event: Event) => string | undefined> = {
    'event.action': ({ event }) => event.action,
    status: statusOf,
    'host.name': ({ host }) => host?.name,
    'user.name': ({ user }) => user?.name,
    'run.name': ({ run }) => run?.name
  }
  return fields.map((field) => {
    const values = [...grouped(eventsOf(journal, filter), readers[field])]
      .map(([value, events]) => ({ value, events: events.length }))
      .sort((one, other) => other.events - one.events || (one.value < other.value ? -1 : 1))
    const others = values.slice(valuesMax).reduce((sum, { events }) => sum + events, 0)
    return { field, values: values.slice(0, valuesMax), others }
  })
}

export function plainHistogram(
  journal: readonly Event[],
  filter: EventFilter,
  interval: HistogramInterval
): HistogramBucket[] {
  const start = (event: Event): string => beginning(microseconds(event) / 1000, interval)
  return [...grouped(eventsOf(journal, filter), start)].sort(byKey).map(([time, events]) => {
    const statuses = [...grouped(events, statusOf)].map(([status, some]) => [status, some.length])
    return { '@timestamp': time, events: events.length, statuses: Object.fromEntries(statuses) }
  })
}

function eventsOf(journal: readonly Event[], filter: EventFilter): Event[] {
  const { runId, action, playbook, host, user, status, taskKey, matching } = filter
  return journal.filter(
    (event) =>
      isWithin(microseconds(event), filter) &&
      (runId === undefined || event.run?.id === runId) &&
      (action === undefined || event.event.action === action) &&
      matches(event.run?.name, playbook) &&
      matches(event.host?.name, host) &&
      (user === undefined || event.user?.name === user) &&
      (status === undefined || statusOf(event) === status) &&
      (taskKey === undefined || event.ansible?.task?.key === taskKey) &&
      (matching === undefined || queryMatches(matching, event as Parameters<typeof queryMatches>[1]))
  )
}

/** A result is what the index takes for one. */
function results(journal: readonly Event[], filter: EventFilter): Event[] {
  return eventsOf(journal, filter).filter((event) => {
    const columns = columnsOf({ payload: Buffer.from(JSON.stringify(event)) })
    return typeof columns !== 'string' && columns.result !== undefined
  })
}

function runsOf(all: readonly RunDocument[], filter: RunFilter): RunDocument[] {
  const { playbook, host, user, status, matching } = filter
  return all.filter(
    (document) =>
      isWithin(startMs(document.run.id) * 1000, filter) &&
      (matches(document.run.name, playbook) || matches(document.ansible?.playbook?.path, playbook)) &&
      (host === undefined || (document.host?.name ?? []).some((name) => matches(name, host))) &&
      (user === undefined || document.user?.name === user) &&
      (status === undefined || document.run.status === status) &&
      (matching === undefined || queryMatches(matching, document, 'runs'))
  )
}

function summedUp(documents: readonly RunDocument[]): {
  runs: Record<RunStatus, number>
  failure_rate?: number
  last_run: LastRun
} {
  const statuses = documents.map(({ run }) => run.status)
  const ended = statuses.filter((status) => status !== 'running')
  const rate = ended.filter(isFailed).length / ended.length
  return {
    runs: counted(runStatuses, statuses),
    ...(ended.length > 0 && { failure_rate: rate }),
    last_run: lastRun(documents)
  }
}

function lastRun(documents: readonly RunDocument[]): LastRun {
  const [latest] = documents.toSorted((one, other) => (one.run.id < other.run.id ? 1 : -1))
  if (latest === undefined) throw new Error('there is no run')
  const { run, user } = latest
  return {
    '@timestamp': timeOfRunId(run.id),
    run: { id: run.id, ...(run.name !== undefined && { name: run.name }), status: run.status },
    ...(user?.name !== undefined && { user: { name: user.name } })
  }
}

function lastSeen({ '@timestamp': time, run, user }: Event): LastSeen {
  return {
    '@timestamp': time,
    ...(run?.id !== undefined && { run: { id: run.id, ...(run.name !== undefined && { name: run.name }) } }),
    ...(user?.name !== undefined && { user: { name: user.name } })
  }
}

/** By time, and of those of the same time the last in the journal. */
function last(events: readonly Event[]): Event {
  return events.reduce((latest, event) => (microseconds(event) >= microseconds(latest) ? event : latest))
}

function isCheckOnly({ ansible }: Event): boolean {
  return ansible?.task?.check_mode === true
}

function isFlaky(event: Event): boolean {
  const status = statusOf(event)
  return (status === 'ok' || status === 'changed') && (event.ansible?.result?.attempts ?? 1) > 1
}

function isFailed(status: string | undefined): boolean {
  return status === 'failed' || status === 'unreachable' || status === 'aborted'
}

/** Durations of what was done: skipped tasks and hosts that were not reached say nothing of the task. */
function timed(events: readonly Event[]): (number | undefined)[] {
  const done: readonly (string | undefined)[] = ['ok', 'changed', 'failed']
  return events.filter((event) => done.includes(statusOf(event))).map(({ event }) => event.duration)
}

function durationOf(durations: readonly (number | undefined)[]): { duration?: Percentiles } {
  const counts = new Map<number, number>()
  for (const duration of durations) if (duration !== undefined) addDuration(counts, rangeOf(duration))
  const duration = percentilesOf(counts)
  return duration === undefined ? {} : { duration }
}

function weeksOf<Item>(items: readonly Item[], timeOf: (item: Item) => number): [string, Item[]][] {
  return [...grouped(items, (item) => beginning(timeOf(item), 'week'))].sort(byKey)
}

const lengthsMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 } as const

function beginning(ms: number, interval: HistogramInterval): string {
  const monday = interval === 'week' ? Date.UTC(1970, 0, 5) : 0
  const length = lengthsMs[interval]
  return new Date(monday + Math.floor((ms - monday) / length) * length).toISOString()
}

function grouped<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string | undefined
): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return groups
}

function byKey([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : 1
}

function counted<Status extends string>(
  statuses: readonly Status[],
  found: readonly (string | undefined)[]
): Record<Status, number> {
  const counts = statuses.map((status) => [status, found.filter((each) => each === status).length])
  return Object.fromEntries(counts) as Record<Status, number>
}

function statusOf(event: Event): ResultStatus | RunStatus | undefined {
  return event.ansible?.result?.status ?? event.run?.status
}

function startMs(runId: string): number {
  return Date.parse(timeOfRunId(runId))
}

function microseconds(event: Event): number {
  return microsecondsOf(event['@timestamp']) ?? Number.NaN
}

function isWithin(
  time: number,
  { fromMs, toMs }: { fromMs?: number | undefined; toMs?: number | undefined }
): boolean {
  return (fromMs === undefined || time >= fromMs * 1000) && (toMs === undefined || time < toMs * 1000)
}
