import { Problem } from '../errors.ts'
import type { EventPart, EventPartQuery, Position, ResultStatus, Run, Store } from '../index/store.ts'
import { limits } from '../limits.ts'
import { type Drift, type DriftResult, openDriftFold, saysOf } from './drift-fold.ts'
import { driftFields, driftResultOf } from './drift-result.ts'
import { and, not, or, type Query } from './query/ast.ts'
import { STATUS } from './query/fields.ts'
import { identityOf, type TaskName } from './task-name.ts'

export interface DriftQuery {
  fromMs: number
  toMs: number
  /** `*` stands for any characters, also in `playbook`. */
  host?: string | undefined
  playbook?: string | undefined
  /** What the results have to match that would be changes. */
  matching?: Query | undefined
}

type AskedResults = Pick<EventPartQuery, 'status' | 'runId' | 'matching'> &
  Partial<Pick<EventPartQuery, 'fromMs' | 'order' | 'limit'>>

export interface FoundDrift {
  drift: Drift[]
  /** Check runs that started in that time, newest first. */
  checked: Run[]
}

/** A run that takes longer, and does not say itself of its results that they were only checked, is taken for a real one. */
const RUN_MS_MAX = 24 * 3_600_000

const onlyChecked: Query = { type: 'is', field: 'ansible.task.check_mode', value: true }
const saysWhetherChecked: Query = { type: 'exists', field: 'ansible.task.check_mode' }
const status = (value: ResultStatus): Query => equals(STATUS, value)
/** Results that can say that all is right: those that would be changes are known already. */
const sayOtherwise = or(status('ok'), status('skipped'), and(status('changed'), not(onlyChecked)))

/**
 * What would be changed, by host, playbook and task. First the results of the time that would be changes, which are
 * few; then of their tasks alone what else was said of the same hosts since.
 */
export async function findDrift(store: Store, query: DriftQuery, signal?: AbortSignal): Promise<FoundDrift> {
  const failure = new AbortController()
  const ends = signal === undefined ? [] : [signal]
  try {
    return await lookForDrift(store, query, AbortSignal.any([failure.signal, ...ends]))
  } catch (error) {
    // The questions that are asked beside the one that failed: nobody waits for their answers any more.
    failure.abort()
    throw error
  }
}

async function lookForDrift(store: Store, query: DriftQuery, signal: AbortSignal): Promise<FoundDrift> {
  const looking = openLook(store, query, signal)
  const fold = openDriftFold()
  const candidates = new Map<string, Candidate>()
  const checkIds = new Set<string>()
  const addDifference = (part: EventPart): void => {
    const result = driftResultOf(part, checkIds)
    if (result === undefined || saysOf(result) !== 'differs') return
    fold.add(result)
    addCandidate(candidates, result)
  }

  const wouldChange = { status: 'changed', matching: narrowed(onlyChecked, query) } as const
  await looking.results(() => wouldChange, addDifference)
  // Asked for behind them, so that no run is left out whose results are counted.
  const checkRuns = await looking.checkRuns()
  for (const { run } of checkRuns) checkIds.add(run.id)
  // A sender that does not say it of each task says it of the run.
  const silent = { status: 'changed', matching: narrowed(not(saysWhetherChecked), query) } as const
  await eachOf(checkRuns.filter(hasChanged), ({ run }) =>
    looking.results(() => ({ ...silent, runId: run.id }), addDifference)
  )
  await eachOf([...candidates.values()], (candidate) =>
    looking.results(
      () => whatElse(candidate),
      (part) => {
        const result = driftResultOf(part, checkIds)
        if (result === undefined) return
        fold.add(result)
        settle(candidate, result)
      }
    )
  )
  const checked = checkRuns.filter((run) => Date.parse(run['@timestamp']) >= query.fromMs)
  return { drift: fold.drift(), checked }
}

/** A task of a playbook with results that would be changes. */
interface Candidate {
  task: TaskName
  playbook: string | undefined
  /** Where it is not known yet what was said since: since when, and by which runs, something would be changed. */
  hosts: Map<string, { fromMs: number; runs: Set<string> }>
}

function addCandidate(candidates: Map<string, Candidate>, { task, run, host, time }: DriftResult): void {
  const key = JSON.stringify([run.name, identityOf(task)])
  const fromMs = Math.floor(time / 1000)
  const candidate: Candidate = candidates.get(key) ?? { task, playbook: run.name, hosts: new Map() }
  const known = candidate.hosts.get(host) ?? { fromMs, runs: new Set<string>() }
  candidate.hosts.set(host, { fromMs: Math.min(known.fromMs, fromMs), runs: known.runs.add(run.id) })
  candidates.set(key, candidate)
}

/** Of what says that a host is right only the last one counts, and the last comes first. */
function settle({ hosts }: Candidate, result: DriftResult): void {
  const isOfOtherRun = hosts.get(result.host)?.runs.has(result.run.id) === false
  if (isOfOtherRun && saysOf(result) === 'right') hosts.delete(result.host)
}

/** Asks for results that may say of the hosts that are left that they are right, the last ones first. */
function whatElse(candidate: Candidate): AskedResults | undefined {
  const { hosts } = candidate
  if (hosts.size === 0) return undefined
  const fromMs = Math.min(...[...hosts.values()].map((host) => host.fromMs))
  // Mostly the last run says it of all of them.
  const limit = Math.min(2 * hosts.size + 10, limits.eventPartsAtOnce)
  return { fromMs, order: 'desc', limit, matching: says(candidate) }
}

/** Questions to the store within the limits of one question for drift. */
function openLook(store: Store, query: DriftQuery, signal: AbortSignal) {
  const { host, playbook, toMs } = query
  const endsAt = performance.now() + limits.questionMsMax
  let seen = 0

  function spend(results: number): void {
    signal.throwIfAborted()
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
      for (let after: Position | undefined; ; ) {
        const { items, next } = await store.runs({ ...asked, after }, signal)
        runs.push(...items)
        spend(0)
        if (runs.length > limits.driftRunsMax)
          throw tooCostly(`looks at more than ${limits.driftRunsMax} runs`)
        if (next === undefined) return runs
        after = next
      }
    },
    /** Hands on each result that is found, page by page, of what is asked for then; to the end, or until that is nothing. */
    async results(more: () => AskedResults | undefined, found: (part: EventPart) => void): Promise<void> {
      const limit = limits.eventPartsAtOnce
      const all = {
        action: 'host.result',
        host,
        playbook,
        toMs,
        order: 'asc' as const,
        limit,
        fields: driftFields
      }
      let after: Position | undefined
      for (let asked = more(); asked !== undefined; asked = more()) {
        const page = await store.eventParts({ ...all, fromMs: query.fromMs, ...asked, after }, signal)
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

/** Results of the candidate's task on its hosts that can say that these are right. */
function says({ task: { key, name }, playbook, hosts }: Candidate): Query {
  const ofTask: Query[] =
    key !== undefined
      ? [equals('ansible.task.key', key)]
      : [equals('ansible.task.name', name), not({ type: 'exists', field: 'ansible.task.key' })]
  const ofPlaybook =
    playbook === undefined ? not({ type: 'exists', field: 'run.name' }) : equals('run.name', playbook)
  const isNamed = hosts.size <= limits.driftHostsNamedMax
  const ofHosts = isNamed ? [or(...[...hosts.keys()].map((host) => equals('host.name', host)))] : []
  return and(...ofTask, ofPlaybook, ...ofHosts, sayOtherwise)
}

function equals(field: string, value: string): Query {
  return { type: 'equals', field, value }
}
