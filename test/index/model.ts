import type { Event } from '../../server/event-types.ts'
import type { EventQuery, ResultQuery, RunQuery } from '../../server/index/store.ts'
import { receivedAt } from './fixtures.ts'

// What a store should answer, worked out the plain way: every event looked at for every question. The events
// are those of the journal in its order; the answers are events' ids, or runs.

export interface ModelRun {
  id: string
  status: string
  name: string | undefined
  user: string | undefined
  events: number
  silences: number
  results: Record<string, number>
}

export function modelEvents(journal: readonly Event[], query: Omit<EventQuery, 'limit'>): string[] {
  const found = journal.filter(
    (event) =>
      within(microseconds(event['@timestamp']), query) &&
      (query.runId === undefined || event.run?.id === query.runId) &&
      (query.action === undefined || event.event.action === query.action) &&
      !(query.isWithoutHeartbeats && event.event.action === 'run.heartbeat') &&
      matches(event.run?.name, query.playbook) &&
      matches(event.host?.name, query.host) &&
      (query.user === undefined || event.user?.name === query.user) &&
      (query.status === undefined || (event.ansible?.result?.status ?? event.run?.status) === query.status)
  )
  // Array.sort keeps the journal's order of events of the same time.
  found.sort((one, other) => microseconds(one['@timestamp']) - microseconds(other['@timestamp']))
  if (query.order === 'desc') found.reverse()
  return found.map((event) => event.event.id)
}

export function modelResults(journal: readonly Event[], query: Omit<ResultQuery, 'limit'>): string[] {
  return terminalResults(journal, query.runId)
    .filter(
      (event) =>
        within(microseconds(event['@timestamp']), query) &&
        matches(event.host?.name, query.host) &&
        (query.status === undefined || event.ansible?.result?.status === query.status)
    )
    .map((event) => event.event.id)
}

/** `first` is the number of the journal's first record, which says when each event was received. */
export function modelRuns(
  journal: readonly Event[],
  query: Omit<RunQuery, 'limit'>,
  first: number
): ModelRun[] {
  const ids = [...new Set(journal.flatMap((event) => event.run?.id ?? []))]
  return ids
    .filter((id) => isListed(journal, id, query, first))
    .map((id) => modelRun(journal, id, first))
    .sort((one, other) => (one.id < other.id ? 1 : -1))
}

/** Whether `text` is as `pattern` says, in which `*` stands for any characters. */
export function matches(text: string | undefined, pattern: string | undefined): boolean {
  if (pattern === undefined) return true
  const parts = pattern.split('*').map((part) => part.replaceAll(/[^A-Za-z0-9]/g, '\\$&'))
  return text !== undefined && new RegExp(`^${parts.join('.*')}$`, 's').test(text)
}

function isListed(
  journal: readonly Event[],
  id: string,
  query: Omit<RunQuery, 'limit'>,
  first: number
): boolean {
  const run = modelRun(journal, id, first)
  const path = firstOf(journal, id, 'run.started')?.ansible?.playbook?.path
  const startMs = Number.parseInt(id.replace('-', '').slice(0, 12), 16)
  return (
    within(startMs * 1000, query) &&
    (query.id === undefined || id.startsWith(query.id)) &&
    (matches(run.name, query.playbook) || matches(path, query.playbook)) &&
    (query.user === undefined || run.user === query.user) &&
    (query.status === undefined || run.status === query.status) &&
    (query.heardBeforeMs === undefined || heardOf(journal, id, first) < query.heardBeforeMs * 1000) &&
    (query.host === undefined || hadResultOn(journal, id, query.host))
  )
}

function hadResultOn(journal: readonly Event[], id: string, host: string): boolean {
  return terminalResults(journal, id).some((event) => matches(event.host?.name, host))
}

function modelRun(journal: readonly Event[], id: string, first: number): ModelRun {
  const events = journal.filter((event) => event.run?.id === id)
  const started = firstOf(journal, id, 'run.started')
  const results: Record<string, number> = { ok: 0, changed: 0, failed: 0, skipped: 0, unreachable: 0 }
  for (const event of terminalResults(journal, id)) {
    const status = event.ansible?.result?.status ?? ''
    results[status] = (results[status] ?? 0) + 1
  }
  return {
    id,
    status: statusOf(journal, id, first),
    silences: events.filter(isOfServer).length,
    name: started ? started.run?.name : events.flatMap((event) => event.run?.name ?? []).sort()[0],
    user: started ? started.user?.name : events.flatMap((event) => event.user?.name ?? []).sort()[0],
    events: events.length,
    results
  }
}

function statusOf(journal: readonly Event[], id: string, first: number): string {
  const finished = firstOf(journal, id, 'run.finished')
  if (finished !== undefined) return finished.run?.status ?? ''
  if (firstOf(journal, id, 'run.aborted') !== undefined) return 'aborted'
  const silences = journal.filter((event) => event.run?.id === id && isOfServer(event))
  const heardUntil = Math.max(...silences.map(({ event }) => microseconds(event.end ?? '')))
  return heardUntil >= heardOf(journal, id, first) ? 'aborted' : 'running'
}

/** When the last event of the run that is not the server's own was received; 0 if there is none. */
function heardOf(journal: readonly Event[], id: string, first: number): number {
  const isHeard = (event: Event) => event.run?.id === id && !isOfServer(event)
  return Math.max(0, ...journal.flatMap((event, at) => (isHeard(event) ? receivedAt(first + at) : [])))
}

function isOfServer({ event }: Event): boolean {
  return event.provider === 'server'
}

/** Of each task's results on a host the one with the greatest sequence, in the order of sequence. */
function terminalResults(journal: readonly Event[], id: string): Event[] {
  const latest = new Map<string, Event>()
  for (const event of journal.filter((each) => each.run?.id === id && each.event.action === 'host.result')) {
    const { play, task } = event.ansible ?? {}
    const key = JSON.stringify([play?.id, play?.batch, task?.id, task?.occurrence, event.host?.name])
    const other = latest.get(key)
    if (other === undefined || sequenceOf(event) > sequenceOf(other)) latest.set(key, event)
  }
  return [...latest.values()].sort((one, other) => sequenceOf(one) - sequenceOf(other))
}

function firstOf(journal: readonly Event[], id: string, action: string): Event | undefined {
  return journal.find((event) => event.run?.id === id && event.event.action === action && !isOfServer(event))
}

function sequenceOf(event: Event): number {
  return event.event.sequence ?? 0
}

function microseconds(time: string): number {
  return Date.parse(time) * 1000 + Number(time.slice(23, 26))
}

function within(
  time: number,
  { fromMs, toMs }: { fromMs?: number | undefined; toMs?: number | undefined }
): boolean {
  return (fromMs === undefined || time >= fromMs * 1000) && (toMs === undefined || time < toMs * 1000)
}
