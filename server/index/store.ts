import type { Query } from '../ask/query/ast.ts'
import type { Trail } from '../completeness/numbers.ts'
import type { Event } from '../event-types.ts'
import type { JournalBatch } from '../journal/record.ts'
import type { Outline } from './outline.ts'
import type { Summaries } from './summaries.ts'

/** What the server adds to an event when it is indexed; schemas/server.schema.json. */
export interface IndexedEvent extends Event {
  event: Event['event'] & { ingested: string; hash: string }
  playtrail: { log: string; index: number; sender: string }
}

/** An event that can never be stored, for example because its bytes cannot be read as an event. */
export interface Refused {
  /** Number of its record in the journal. */
  index: number
  eventId: string
  reason: string
}

/**
 * One page of an answer. `next` is the position to go on from, absent on the last page. A page may hold fewer
 * items than were asked for although more follow, when the items are large.
 */
export interface Page<Item> {
  items: Item[]
  next?: Position | undefined
}

/** Where a page ended: the sort values of its last item. Stable while events arrive. */
export type Position = readonly (string | number)[]

export const runStatuses = ['running', 'success', 'changed', 'failed', 'unreachable', 'aborted'] as const
export type RunStatus = (typeof runStatuses)[number]
export const runKinds = ['playbook', 'adhoc', 'console', 'pull', 'job', 'service'] as const
export type RunKind = (typeof runKinds)[number]
export const resultStatuses = ['ok', 'changed', 'failed', 'skipped', 'unreachable'] as const
export type ResultStatus = (typeof resultStatuses)[number]

/** Counts of results, to begin with. */
export function noResults(): Record<ResultStatus, number> {
  return { ok: 0, changed: 0, failed: 0, skipped: 0, unreachable: 0 }
}

type RunFields = NonNullable<Event['run']>

/**
 * A run as its events tell it, in the events' own field names. Everything but `run.id` is absent as long as
 * the event that says it has not arrived.
 */
export interface Run {
  /** When the run started: as run.started says, or else the time within `run.id`. */
  '@timestamp': string
  run: Pick<RunFields, 'id' | 'name' | 'kind' | 'parent_id' | 'reason' | 'events' | 'lost'> & {
    status: RunStatus
  }
  /**
   * `start`, `end`, `duration` (nanoseconds) and `outcome` of the run. Of a run that was aborted, `duration` is
   * the time between the two unless its sender measured it.
   */
  event: { start: string; end?: string; duration?: number; outcome?: string }
  user?: Event['user']
  source?: Event['source']
  observer?: Event['observer']
  process?: Event['process']
  agent?: Event['agent']
  labels?: Event['labels']
  vcs?: Event['vcs']
  ci?: Event['ci']
  awx?: Event['awx']
  /** Why it was aborted, in words. */
  error?: Event['error']
  ansible?: {
    version?: string
    playbook?: NonNullable<Event['ansible']>['playbook']
    cli?: NonNullable<Event['ansible']>['cli']
    stats?: NonNullable<Event['ansible']>['stats']
    hosts?: NonNullable<Event['ansible']>['hosts']
  }
  playtrail: {
    /** Events of the run that are indexed. */
    events: number
    /** Host results by status, as far as they have arrived: a run in progress has counts already. */
    results: Record<ResultStatus, number>
    /** Server time of the newest event of the run, RFC 3339. */
    last_ingested: string
    /** Server time of the newest event that a sender sent: what the server says itself does not count. */
    last_heard?: string
    /** How often the server has closed the run because it had fallen silent. */
    silences: number
  }
}

/** Which items, and which page of them. Absent filters let everything through. */
interface PageQuery {
  /** Half open: from ≤ time < to. Milliseconds since 1970; a fraction counts. */
  fromMs?: number | undefined
  toMs?: number | undefined
  limit: number
  after?: Position | undefined
}

export interface RunQuery extends PageQuery {
  /** Beginning of the run's id. */
  id?: string | undefined
  /** Name or path of the playbook; `*` stands for any characters. */
  playbook?: string | undefined
  /** Runs with a result on this host. `*` as above. */
  host?: string | undefined
  user?: string | undefined
  status?: RunStatus | undefined
  kind?: RunKind | undefined
  /** Leaves out the runs that are the life of a service. */
  isWithoutService?: boolean | undefined
  /** What the run's document has to match, with the names of its hosts in `host.name`. */
  matching?: Query | undefined
  /** Runs of which a sender was last heard before this time of the server, in milliseconds since 1970. */
  heardBeforeMs?: number | undefined
  /** Runs of which this journal heard last. A store that serves one journal ignores it. */
  heardBy?: string | undefined
}

export interface ResultQuery extends PageQuery {
  runId: string
  /** `*` as above. */
  host?: string | undefined
  status?: ResultStatus | undefined
  /** What the event of the result has to match. */
  matching?: Query | undefined
}

export interface EventQuery extends PageQuery {
  runId?: string | undefined
  action?: string | undefined
  /** `run.name` of the event. `*` as above, also in `host`. */
  playbook?: string | undefined
  host?: string | undefined
  user?: string | undefined
  /** Status of a host's result (`ansible.result.status`), or of a run (`run.status`). */
  status?: RunStatus | ResultStatus | undefined
  /** Leaves out run.heartbeat, which says nothing but that a run goes on. */
  isWithoutHeartbeats?: boolean | undefined
  matching?: Query | undefined
  /** `desc`: newest first. */
  order: 'asc' | 'desc'
}

/** What of the events is asked for; see EventPart. */
export interface EventPartQuery extends EventQuery {
  /** Names of fields, or of groups of fields. */
  fields: readonly string[]
}

/**
 * An event with nothing but some of its fields, for questions that look at many events and at little of each. Of
 * lists of objects, such as `ansible.diff`, each object has the fields.
 */
export type EventPart = DeepPartial<Event>

type DeepPartial<Value> = Value extends readonly (infer Item)[]
  ? DeepPartial<Item>[]
  : Value extends object
    ? { [Name in keyof Value]?: DeepPartial<Value[Name]> }
    : Value

/** What an index keeps. Runs that go on are always kept. */
export interface Kept {
  /** Runs that started at that time or later, and events without a run since then; milliseconds since 1970. */
  fromMs?: number | undefined
  /** So many of the newest runs. */
  runsMax?: number | undefined
}

/** In milliseconds or microseconds since 1970; undefined: for ever; `unknown`: the store does not tell, or not us. */
export type KeptSince = number | 'unknown' | undefined

/** What was removed by one step; `isMore` if another one would remove more. */
export interface Expired {
  events: number
  runs: number
  isMore: boolean
}

/** The index that was written to is no more in use: another one has taken its place, or it was deleted. */
export class IndexReplaced extends Error {
  override readonly name = 'IndexReplaced'

  constructor(why: string, options?: ErrorOptions) {
    super(`the index is no more: ${why}`, options)
  }
}

/**
 * What the index promises; test/index/store-contract.ts runs the same tests against every store.
 *
 * The index is derived from the journal: it may be thrown away and made again at any time.
 */
export interface Store extends Summaries {
  /** Writes that the store works on at once; more wait in it. */
  readonly writesAtOnce: number

  /** Why writes wait at the moment, if they do; they go on by themselves. */
  readonly trouble: string | undefined

  /** Aborted when the index that `cursor` told of last is no more in use, also while nothing is written. */
  readonly replaced: AbortSignal

  /**
   * Everything of the journal before this index is in the store. To be asked first, and again after
   * IndexReplaced. Rejects as long as the store cannot be reached.
   */
  cursor(): Promise<number>

  /**
   * Makes the events of a batch findable. Writing an event that is already there (the same `event.id`)
   * changes nothing, and batches may come in any order, which is what lets the follower replay the journal
   * after a crash without asking what it had finished. The batch's bytes belong to the store from then on.
   *
   * Rejects only if trying again could help; an event that can never be stored is returned. A store that tries
   * again by itself stops, and rejects, when the signal is aborted.
   */
  write(batch: JournalBatch, signal?: AbortSignal): Promise<Refused[]>

  /**
   * Remembers, durably, that everything before `next` is in the store. Rejects with IndexReplaced if another
   * index has taken the store's place: its own cursor says where to go on. A request that is under way is cut
   * off when the signal is aborted.
   */
  moveCursor(next: number, signal?: AbortSignal): Promise<void>

  /** Runs, newest first: by `run.id`, whose beginning is the time of the start. */
  runs(query: RunQuery, signal?: AbortSignal): Promise<Page<Run>>

  /** Terminal results of a run, one for each play batch, task occurrence and host, in the order they came. */
  results(query: ResultQuery, signal?: AbortSignal): Promise<Page<IndexedEvent>>

  /** Events by `@timestamp`, and within the same time by their place in the journal. */
  events(query: EventQuery, signal?: AbortSignal): Promise<Page<IndexedEvent>>

  /** The same events in the same order, cut down to `fields`. */
  eventParts(query: EventPartQuery, signal?: AbortSignal): Promise<Page<EventPart>>

  /**
   * The run put together: plays, tasks, hosts, and how each task ended on each host. Made of the same results as
   * `results` gives. Rejects with Problem `query_too_costly` beyond `limits.outlineResultsMax` results,
   * or as many plays, tasks and hosts.
   */
  outline(runId: string, signal?: AbortSignal): Promise<Outline>

  /** Resolves when everything can be found that was written before. */
  findable(signal?: AbortSignal): Promise<void>

  /** Of what is older than this time some may have been removed because of its age; undefined if nothing was. */
  keptSinceMs(signal?: AbortSignal): Promise<KeptSince>

  /** Which events of these runs there are, by their numbers, and which came late. Of a run that is not there, nothing. */
  trails(runIds: readonly string[], signal?: AbortSignal): Promise<Trail[]>

  /**
   * Removes some of what is older than what is to be kept, whole runs one after the other. Absent where the index has
   * a retention of its own.
   */
  expireSome?(kept: Kept): Promise<Expired>

  close(): Promise<void>
}
