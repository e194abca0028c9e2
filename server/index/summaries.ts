import type { EventQuery, Page, ResultStatus, Run, RunQuery, RunStatus } from './store.ts'

/** Events that are summed up: filters of EventQuery. Absent ones let everything through. */
export interface EventFilter
  extends Pick<
    EventQuery,
    'fromMs' | 'toMs' | 'runId' | 'action' | 'playbook' | 'host' | 'user' | 'status' | 'matching'
  > {
  /** `ansible.task.key`. */
  taskKey?: string | undefined
}

/** Runs that are summed up: filters of RunQuery. `fromMs` and `toMs` are of the start, as `run.id` has it. */
export type RunFilter = Pick<
  RunQuery,
  'fromMs' | 'toMs' | 'playbook' | 'host' | 'user' | 'status' | 'kind' | 'isWithoutService' | 'matching'
>

/** When something happened last, in which run, and by whom. */
export interface LastSeen {
  '@timestamp': string
  run?: { id: string; name?: string }
  user?: { name: string }
}

/**
 * Percentiles of durations in nanoseconds, by the nearest rank, true to 3 %: they are made of counts by
 * logarithmic ranges (server/index/durations.ts), which can be added up. Absent if nothing was measured.
 */
export interface Percentiles {
  p50: number
  p95: number
}

/** A managed host: how its tasks ended (events `host.result`), and when it was last touched. */
export interface HostSummary {
  host: { name: string }
  results: Record<ResultStatus, number>
  /** Runs with a result on the host. */
  runs: number
  /** Its latest result of any kind. */
  last_run: LastSeen
  /** Its latest result that is `changed` and was not only checked (`ansible.task.check_mode`). */
  last_change?: LastSeen
  /** Its latest result that is `failed` or `unreachable`. */
  last_failure?: LastSeen
}

export interface HostRunQuery extends RunQuery {
  /** The name of a host itself: `*` has no meaning here. */
  host: string
}

/** A run with a result on a host. */
export interface HostRun extends Run {
  host: { name: string }
  /** The results of the run on this host, of each task the last one. */
  results: Record<ResultStatus, number>
}

/** The runs that have one `run.name`. */
export interface PlaybookSummary {
  run: { name: string }
  runs: Record<RunStatus, number>
  /** Failed, unreachable and aborted ones among those that ended; absent if none has ended. */
  failure_rate?: number
  /** The run that started last. */
  last_run: LastRun
  /** The run with status `success` or `changed` that started last. */
  last_success?: LastRun
  /** Of the runs that finished or were aborted. */
  duration?: Percentiles
  /** By the week in which they started (Monday, UTC), oldest first; weeks without a run are absent. */
  weeks: {
    '@timestamp': string
    runs: number
    /** Failed, unreachable and aborted. */
    failed: number
    duration?: Percentiles
  }[]
}

/** A run among those that are summed up. `@timestamp` is the time within its id. */
export interface LastRun {
  '@timestamp': string
  run: { id: string; name?: string; status: RunStatus }
  user?: { name: string }
}

/** The runs of one `user.name`. */
export interface UserSummary {
  user: { name: string }
  runs: Record<RunStatus, number>
  failure_rate?: number
  /** How many different `run.name` there are among them. */
  playbooks: number
  last_run: LastRun
}

/** The results (events `host.result`) of one task, which has the same `ansible.task.key` in every run. */
export interface TaskSummary {
  ansible: { task: { key: string; name?: string; action?: string; role?: string; path?: string } }
  results: Record<ResultStatus, number>
  /** Succeeded, and only after more than one attempt (`ansible.result.attempts`). */
  flaky: number
  /** Of all results but the skipped ones; absent if there are none. Failed means failed or unreachable. */
  failure_rate?: number
  change_rate?: number
  flake_rate?: number
  /** Of results that are ok, changed or failed. */
  duration?: Percentiles
  last_result: LastSeen
  /** By week (Monday, UTC), oldest first; weeks without a result are absent. */
  weeks: { '@timestamp': string; results: number; changed: number; failed: number; duration?: Percentiles }[]
}

export const facetFields = ['event.action', 'status', 'host.name', 'user.name', 'run.name'] as const
/** `status` is `ansible.result.status`, or else `run.status`. */
export type FacetField = (typeof facetFields)[number]

/** How many events have which value of a field: the greatest counts first, and equal ones by value. */
export interface Facet {
  field: FacetField
  values: { value: string; events: number }[]
  /** Events whose value is not among `values`; those without the field are not counted. */
  others: number
}

export const histogramIntervals = ['minute', 'hour', 'day', 'week'] as const
export type HistogramInterval = (typeof histogramIntervals)[number]

/** Events of one interval of time. Intervals begin in UTC, weeks on Monday. */
export interface HistogramBucket {
  '@timestamp': string
  events: number
  /** Of those that have a status; the status is that of the facet. */
  statuses: Partial<Record<RunStatus | ResultStatus, number>>
}

/**
 * What a store sums up. Everything is exact but percentiles. Rejects with Problem `too_many_groups` where there
 * would be more than `limits.groupsMax` groups, and with `query_timeout` after `limits.questionMsMax`; aborting
 * the signal ends the work.
 */
export interface Summaries {
  hosts(filter: EventFilter, signal?: AbortSignal): Promise<HostSummary[]>
  /** The runs with a result on a host, newest first, and page by page as Store.runs. */
  hostRuns(query: HostRunQuery, signal?: AbortSignal): Promise<Page<HostRun>>
  playbooks(filter: RunFilter, signal?: AbortSignal): Promise<PlaybookSummary[]>
  users(filter: RunFilter, signal?: AbortSignal): Promise<UserSummary[]>
  tasks(filter: EventFilter, signal?: AbortSignal): Promise<TaskSummary[]>
  facets(
    filter: EventFilter,
    fields: readonly FacetField[],
    valuesMax: number,
    signal?: AbortSignal
  ): Promise<Facet[]>
  /** Oldest first; intervals without an event are absent. */
  histogram(
    filter: EventFilter,
    interval: HistogramInterval,
    signal?: AbortSignal
  ): Promise<HistogramBucket[]>
}
