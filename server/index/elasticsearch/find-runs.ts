import type { Client } from '@elastic/elasticsearch'
import { toElasticsearch } from '../../ask/query/to-elasticsearch.ts'
import { firstRunId } from '../run-id.ts'
import { type Page, type ResultStatus, type Run, type RunQuery, resultStatuses } from '../store.ts'
import type { IndexNames } from './names.ts'
import { pageOf } from './pages.ts'
import { type Conditions, conditions, likeClause } from './query.ts'
import { type RunFold, type RunSource, runOf } from './run-fold.ts'
import { search } from './search.ts'

type Counts = Record<ResultStatus, number>

export async function findRuns(client: Client, names: IndexNames, query: RunQuery): Promise<Page<Run>> {
  const { clauses } = conditionsOf(query)
  const page = await pageOf<RunSource, RunFold>(
    query.limit,
    query.after,
    (size, after) => {
      const sort = [{ 'run.id': { order: 'desc' as const, unmapped_type: 'keyword' as const } }]
      const fields = ['playtrail.fold']
      return search<RunSource>(client, names.runs, { size, sort, filter: clauses, after, fields })
    },
    (hit) => {
      // What somebody else wrote there is no run; `playtrail reconcile` names it.
      return (hit._source as Partial<RunSource> | undefined)?.playtrail?.fold
    }
  )
  const counts = await countResults(
    client,
    names.results,
    page.items.map(({ state }) => state.id)
  )
  const items = page.items.map((fold) => {
    const run = runOf(fold)
    return { ...run, playtrail: { ...run.playtrail, results: counts.get(fold.state.id) ?? noResults() } }
  })
  return { items, ...(page.next !== undefined && { next: page.next }) }
}

function conditionsOf(query: RunQuery): Conditions {
  const { id, playbook, fromMs, toMs, host, user, status, heardBeforeMs, heardBy, matching } = query
  const found = conditions()
  // 'g' comes behind every digit and dash that can follow.
  if (id !== undefined) found.add({ range: { 'run.id': { gte: id, lt: `${id}g` } } })
  if (fromMs !== undefined) found.add({ range: { 'run.id': { gte: firstRunId(fromMs) } } })
  if (toMs !== undefined) found.add({ range: { 'run.id': { lt: firstRunId(toMs) } } })
  if (playbook !== undefined) {
    const either = ['run.name', 'ansible.playbook.path'].map((field) => likeClause(field, playbook))
    found.add({ bool: { should: either, minimum_should_match: 1 } })
  }
  found.like('host.name', host)
  found.equal('user.name', user)
  found.equal('run.status', status)
  if (heardBeforeMs !== undefined)
    found.add({ range: { 'playtrail.heard': { lt: Math.round(heardBeforeMs * 1000) } } })
  found.equal('playtrail.heard_by', heardBy)
  if (matching !== undefined) found.add(toElasticsearch(matching, 'runs'))
  return found
}

/** How many results of each status the runs have, each task's on each host counted once. */
async function countResults(client: Client, index: string, runIds: string[]): Promise<Map<string, Counts>> {
  if (runIds.length === 0) return new Map()
  const { aggregations } = await client.search<
    unknown,
    { runs?: { buckets: { key: string; status: { buckets: { key: string; doc_count: number }[] } }[] } }
  >({
    index,
    size: 0,
    query: { terms: { 'run.id': runIds } },
    aggs: {
      runs: {
        terms: { field: 'run.id', size: runIds.length },
        aggs: { status: { terms: { field: 'ansible.result.status', size: resultStatuses.length } } }
      }
    }
  })
  return new Map(
    (aggregations?.runs?.buckets ?? []).map(({ key, status }) => [
      key,
      { ...noResults(), ...Object.fromEntries(status.buckets.map((each) => [each.key, each.doc_count])) }
    ])
  )
}

function noResults(): Counts {
  return { ok: 0, changed: 0, failed: 0, skipped: 0, unreachable: 0 }
}
