import { openOutlineFold } from '../outline-fold.ts'
import type { Store } from '../store.ts'
import { findEventParts, findEvents, findResults } from './find-events.ts'
import { findHostRuns, findRuns } from './find-runs.ts'
import { readOutline } from './read-outline.ts'
import { readTrails } from './read-trails.ts'
import type { Asking } from './search.ts'
import { findFacets, noFacets } from './summaries/facets.ts'
import { findHistogram } from './summaries/histogram.ts'
import { sumUpHosts } from './summaries/hosts.ts'
import { sumUpPlaybooks } from './summaries/playbooks.ts'
import { sumUpTasks } from './summaries/tasks.ts'
import { sumUpUsers } from './summaries/users.ts'

/** What is asked of a store. */
export type Questions = Pick<
  Store,
  | 'runs'
  | 'results'
  | 'events'
  | 'eventParts'
  | 'outline'
  | 'trails'
  | 'hostRuns'
  | 'hosts'
  | 'playbooks'
  | 'users'
  | 'tasks'
  | 'facets'
  | 'histogram'
>

/** `nothing` is the answer of an index that has no event yet. */
type Ask = <Answer>(
  nothing: Answer,
  signal: AbortSignal | undefined,
  question: (asking: Asking) => Promise<Answer>
) => Promise<Answer>

export function questionsOf(ask: Ask): Questions {
  return {
    runs: (query, signal) => ask({ items: [] }, signal, (asking) => findRuns(asking, query)),
    results: (query, signal) => ask({ items: [] }, signal, (asking) => findResults(asking, query)),
    events: (query, signal) => ask({ items: [] }, signal, (asking) => findEvents(asking, query)),
    eventParts: (query, signal) => ask({ items: [] }, signal, (asking) => findEventParts(asking, query)),
    outline: (runId, signal) =>
      ask(openOutlineFold().outline(), signal, (asking) => readOutline(asking, runId)),
    trails: (runIds, signal) => ask([], signal, (asking) => readTrails(asking, runIds)),
    hostRuns: (query, signal) => ask({ items: [] }, signal, (asking) => findHostRuns(asking, query)),
    hosts: (filter, signal) => ask([], signal, (asking) => sumUpHosts(asking, filter)),
    playbooks: (filter, signal) => ask([], signal, (asking) => sumUpPlaybooks(asking, filter)),
    users: (filter, signal) => ask([], signal, (asking) => sumUpUsers(asking, filter)),
    tasks: (filter, signal) => ask([], signal, (asking) => sumUpTasks(asking, filter)),
    facets: (filter, fields, valuesMax, signal) =>
      ask(noFacets(fields), signal, (asking) => findFacets(asking, filter, fields, valuesMax)),
    histogram: (filter, interval, signal) =>
      ask([], signal, (asking) => findHistogram(asking, filter, interval))
  }
}
