import { toElasticsearch } from '../../ask/query/to-elasticsearch.ts'
import { firstRunId } from '../run-id.ts'
import { noResults, type Page, type ResultStatus, type Run, type RunQuery, resultStatuses } from '../store.ts'
import type { HostRun, HostRunQuery } from '../summaries.ts'
import { pageOf } from './pages.ts'
import { type Conditions, conditions, likeClause } from './query.ts'
import { type RunFold, type RunSource, runOf } from './run-fold.ts'
import { type Asking, aggregate, search } from './search.ts'

type Counts = Record<ResultStatus, number>

export async function findRuns(asking: Asking, query: RunQuery): Promise<Page<Run>> {
  const found = runConditions(query)
  found.like('host.name', query.host)
  const { items: folds, next } = await foldsOf(asking, found, query)
  const counts = await countResults(asking, idsOf(folds))
  const items = folds.map((fold) => {
    const run = runOf(fold)
    return { ...run, playtrail: { ...run.playtrail, results: counts.get(fold.state.id) ?? noResults() } }
  })
  return { items, ...(next !== undefined && { next }) }
}

/** The runs with a result on a host, each with its results there. */
export async function findHostRuns(asking: Asking, query: HostRunQuery): Promise<Page<HostRun>> {
  const { host } = query
  const found = runConditions(query)
  found.equal('host.name', host)
  const { items: folds, next } = await foldsOf(asking, found, query)
  const ids = idsOf(folds)
  const [counts, ofHost] = await Promise.all([countResults(asking, ids), countResults(asking, ids, host)])
  const items = folds.map((fold) => {
    const { id } = fold.state
    const { playtrail, ...run } = runOf(fold)
    return {
      ...run,
      host: { name: host },
      results: ofHost.get(id) ?? noResults(),
      playtrail: { ...playtrail, results: counts.get(id) ?? noResults() }
    }
  })
  return { items, ...(next !== undefined && { next }) }
}

function foldsOf(asking: Asking, { clauses }: Conditions, query: RunQuery): Promise<Page<RunFold>> {
  return pageOf<RunSource, RunFold>(
    query.limit,
    query.after,
    (size, after) => {
      const sort = [{ 'run.id': { order: 'desc' as const, unmapped_type: 'keyword' as const } }]
      const fields = ['playtrail.fold']
      return search<RunSource>(asking, asking.names.runs, { size, sort, filter: clauses, after, fields })
    },
    (hit) => {
      // What somebody else wrote there is no run; `playtrail reconcile` names it.
      return (hit._source as Partial<RunSource> | undefined)?.playtrail?.fold
    }
  )
}

function idsOf(folds: readonly RunFold[]): string[] {
  return folds.map(({ state }) => state.id)
}

/** The runs that pass a query, on whichever host. */
export function runConditions(query: Omit<RunQuery, 'limit' | 'after' | 'host'>): Conditions {
  const { id, playbook, fromMs, toMs, user, status, kind, heardBeforeMs, heardBy, matching } = query
  const found = conditions()
  // 'g' comes behind every digit and dash that can follow.
  if (id !== undefined) found.add({ range: { 'run.id': { gte: id, lt: `${id}g` } } })
  if (fromMs !== undefined) found.add({ range: { 'run.id': { gte: firstRunId(fromMs) } } })
  if (toMs !== undefined) found.add({ range: { 'run.id': { lt: firstRunId(toMs) } } })
  if (playbook !== undefined) {
    const either = ['run.name', 'ansible.playbook.path'].map((field) => likeClause(field, playbook))
    found.add({ bool: { should: either, minimum_should_match: 1 } })
  }
  found.equal('user.name', user)
  found.equal('run.status', status)
  found.equal('run.kind', kind)
  if (query.isWithoutService)
    found.add({ bool: { must_not: { term: { 'run.kind': { value: 'service' } } } } })
  if (heardBeforeMs !== undefined)
    found.add({ range: { 'playtrail.heard': { lt: Math.round(heardBeforeMs * 1000) } } })
  found.equal('playtrail.heard_by', heardBy)
  if (matching !== undefined) found.add(toElasticsearch(matching, 'runs'))
  return found
}

interface RunCounts {
  runs: { buckets: { key: string; status: { buckets: { key: string; doc_count: number }[] } }[] }
}

/** How many results of each status the runs have, each task's on each host counted once. */
async function countResults(asking: Asking, runIds: string[], host?: string): Promise<Map<string, Counts>> {
  if (runIds.length === 0) return new Map()
  const found = conditions()
  found.add({ terms: { 'run.id': runIds } })
  found.equal('host.name', host)
  const answer = await aggregate<RunCounts>(asking, asking.names.results, found.clauses, {
    runs: {
      terms: { field: 'run.id', size: runIds.length },
      aggs: { status: { terms: { field: 'ansible.result.status', size: resultStatuses.length } } }
    }
  })
  return new Map(
    (answer?.runs?.buckets ?? []).map(({ key, status }) => [
      key,
      { ...noResults(), ...Object.fromEntries(status.buckets.map((each) => [each.key, each.doc_count])) }
    ])
  )
}
