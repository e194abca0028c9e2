import { Problem } from '../errors.ts'
import { microsecondsOf } from '../index/columns.ts'
import {
  type EventPart,
  type EventPartQuery,
  type ResultStatus,
  type Run,
  resultStatuses,
  type Store
} from '../index/store.ts'
import { limits } from '../limits.ts'
import { type Drift, type DriftResult, openDriftFold, saysOf } from './drift-fold.ts'
import { and, not, or, type Query } from './query/ast.ts'
import { STATUS } from './query/fields.ts'
import { identityOf, type TaskName, taskNameOf } from './task-name.ts'

export interface DriftQuery {
  fromMs: number
  toMs: number
  /** `*` stands for any characters, also in `playbook`. */
  host?: string | undefined
  playbook?: string | undefined
  /** What the results have to match that would be changes. */
  matching?: Query | undefined
}

export interface FoundDrift {
  drift: Drift[]
  /** Check runs that started in that time, newest first. */
  checked: Run[]
}

/** A run that takes longer, and does not say itself of its results that they were only checked, is taken for a real one. */
const RUN_MS_MAX = 24 * 3_600_000

const FIELDS = [
  '@timestamp',
  'event.sequence',
  'run.id',
  'run.name',
  'user.name',
  'host.name',
  ...['key', 'name', 'action', 'role', 'path', 'line', 'check_mode'].map((name) => `ansible.task.${name}`),
  'ansible.result.status',
  'ansible.diff.path'
]

const onlyChecked: Query = { type: 'is', field: 'ansible.task.check_mode', value: true }
const saysWhetherChecked: Query = { type: 'exists', field: 'ansible.task.check_mode' }
const status = (value: ResultStatus): Query => ({ type: 'equals', field: STATUS, value })
/** Results that can say that all is right: those that would be changes are known already. */
const sayOtherwise = or(status('ok'), status('skipped'), and(status('changed'), not(onlyChecked)))

/**
 * What would be changed, by host, playbook and task. First the results of the time that would be changes, which are
 * few; then of their tasks alone what else was said of the same hosts since.
 */
export async function findDrift(store: Store, query: DriftQuery, signal?: AbortSignal): Promise<FoundDrift> {
  const looking = openLook(store, query, signal)
  const fold = openDriftFold()
  const candidates = new Map<string, Candidate>()
  const checkIds = new Set<string>()
  const addDifference = (part: EventPart): void => {
    const result = resultOf(part, checkIds)
    if (result === undefined || saysOf(result) !== 'differs') return
    fold.add(result)
    addCandidate(candidates, result)
  }

  await looking.results({ status: 'changed', matching: narrowed(onlyChecked, query) }, addDifference)
  // Asked for behind them, so that no run is left out whose results are counted.
  const checkRuns = await looking.checkRuns()
  for (const { run } of checkRuns) checkIds.add(run.id)
  // A sender that does not say it of each task says it of the run.
  const silent = narrowed(not(saysWhetherChecked), query)
  await eachOf(checkRuns.filter(hasChanged), ({ run }) =>
    looking.results({ status: 'changed', runId: run.id, matching: silent }, addDifference)
  )
  await eachOf([...candidates.values()], (candidate) =>
    looking.results(
      {
        fromMs: candidate.fromMs,
        matching: and(ofTask(candidate.task), ofHosts(candidate.hosts), sayOtherwise)
      },
      (part) => {
        const result = resultOf(part, checkIds)
        if (result !== undefined && candidate.hosts.has(result.host)) fold.add(result)
      }
    )
  )
  const checked = checkRuns.filter((run) => Date.parse(run['@timestamp']) >= query.fromMs)
  return { drift: fold.drift(), checked }
}

/** A task with results that would be changes: on which hosts, and since when. */
interface Candidate {
  task: TaskName
  hosts: Set<string>
  fromMs: number
}

function addCandidate(candidates: Map<string, Candidate>, { task, host, time }: DriftResult): void {
  const identity = identityOf(task)
  const fromMs = Math.floor(time / 1000)
  const known = candidates.get(identity) ?? { task, hosts: new Set<string>(), fromMs }
  known.hosts.add(host)
  known.fromMs = Math.min(known.fromMs, fromMs)
  candidates.set(identity, known)
}

/** Questions to the store within the limits of one question for drift. */
function openLook(store: Store, query: DriftQuery, signal: AbortSignal | undefined) {
  const { host, playbook, toMs } = query
  const endsAt = performance.now() + limits.questionMsMax
  let seen = 0

  function spend(results: number): void {
    signal?.throwIfAborted()
    seen += results
    if (seen > limits.driftResultsMax) throw tooCostly(`looks at more than ${limits.driftResultsMax} results`)
    if (performance.now() > endsAt)
      throw new Problem(
        'query_timeout',
        `Looking for drift takes longer than ${limits.questionMsMax} ms. Narrow from, to, host, playbook or q.`
      )
  }

  return {
    async checkRuns(): Promise<Run[]> {
      const runs: Run[] = []
      const matching: Query = { type: 'is', field: 'ansible.cli.check', value: true }
      const asked = {
        host,
        playbook,
        fromMs: query.fromMs - RUN_MS_MAX,
        toMs,
        matching,
        limit: limits.pageItemsMax
      }
      for (let after: readonly (string | number)[] | undefined; ; ) {
        const { items, next } = await store.runs({ ...asked, after }, signal)
        runs.push(...items)
        spend(0)
        if (runs.length > limits.driftRunsMax)
          throw tooCostly(`looks at more than ${limits.driftRunsMax} runs`)
        if (next === undefined) return runs
        after = next
      }
    },
    /** Hands on each result that is found, page by page. */
    async results(
      more: Pick<EventPartQuery, 'status' | 'runId' | 'matching'> & { fromMs?: number },
      found: (part: EventPart) => void
    ): Promise<void> {
      const limit = limits.eventPartsAtOnce
      const asked = {
        action: 'host.result',
        host,
        playbook,
        toMs,
        order: 'asc' as const,
        limit,
        fields: FIELDS
      }
      for (let after: readonly (string | number)[] | undefined; ; ) {
        const page = await store.eventParts({ ...asked, fromMs: query.fromMs, ...more, after }, signal)
        for (const part of page.items) found(part)
        spend(page.items.length)
        if (page.next === undefined) return
        after = page.next
      }
    }
  }
}

function tooCostly(why: string): Problem {
  return new Problem(
    'query_too_costly',
    `This question for drift ${why}. Narrow from, to, host, playbook or q.`
  )
}

/** Some at once, each of them when its turn comes. */
async function eachOf<Item>(items: readonly Item[], ask: (item: Item) => Promise<void>): Promise<void> {
  const waiting = items.values()
  const askInTurn = async (): Promise<void> => {
    for (const item of waiting) await ask(item)
  }
  await Promise.all(Array.from({ length: limits.driftQuestionsAtOnce }, askInTurn))
}

function narrowed(condition: Query, { matching }: DriftQuery): Query {
  return matching === undefined ? condition : and(condition, matching)
}

function hasChanged({ playtrail }: Run): boolean {
  return playtrail.results.changed > 0
}

function ofTask({ key, name }: TaskName): Query {
  if (key !== undefined) return { type: 'equals', field: 'ansible.task.key', value: key }
  const named: Query = { type: 'equals', field: 'ansible.task.name', value: name }
  return and(named, not({ type: 'exists', field: 'ansible.task.key' }))
}

function ofHosts(hosts: ReadonlySet<string>): Query {
  if (hosts.size > limits.driftHostsNamedMax) return { type: 'exists', field: 'host.name' }
  return or(...[...hosts].map((value): Query => ({ type: 'equals', field: 'host.name', value })))
}

/** Undefined if it is no result of a task that is named. */
function resultOf(part: EventPart, checkIds: ReadonlySet<string>): DriftResult | undefined {
  const { '@timestamp': timestamp, event, run, user, host, ansible } = part
  const { task, result, diff = [] } = ansible ?? {}
  const time = microsecondsOf(timestamp)
  const status = resultStatuses.find((known) => known === result?.status)
  if (timestamp === undefined || time === undefined || status === undefined) return undefined
  if (run?.id === undefined || host?.name === undefined || task?.name === undefined) return undefined
  const paths = diff.flatMap(({ path }) => path ?? []).slice(0, limits.driftPathsMax)
  return {
    time,
    '@timestamp': timestamp,
    run: { id: run.id, name: run.name },
    user: user?.name,
    host: host.name,
    task: taskNameOf({ ...task, name: task.name }),
    status,
    isChecked: task.check_mode ?? checkIds.has(run.id),
    sequence: event?.sequence ?? 0,
    paths: [...new Set(paths)]
  }
}
