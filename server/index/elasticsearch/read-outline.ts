import type { Client, estypes } from '@elastic/elasticsearch'
import { limits } from '../../limits.ts'
import { type Outline, outlineActions, tooManyResults } from '../outline.ts'
import { type OutlineEvent, openOutlineFold } from '../outline-fold.ts'
import type { IndexNames } from './names.ts'

/** What an outline is made of: a page of results with all that they said would be many times as large. */
const FIELDS = [
  '@timestamp',
  'event.action',
  'event.sequence',
  'event.duration',
  'host.name',
  'ansible.play',
  'ansible.task',
  'ansible.result.status',
  'ansible.result.ignored',
  'ansible.result.rescued',
  'ansible.stats'
]

/** Puts a run together of pages of its events, which are let go one after the other. */
export async function readOutline(
  client: Client,
  names: IndexNames,
  runId: string,
  signal?: AbortSignal
): Promise<Outline> {
  const fold = openOutlineFold()
  let after: estypes.SortResults | undefined
  for (;;) {
    const { hits } = await client.search<OutlineEvent>(
      {
        index: names.events,
        size: limits.outlineEventsAtOnce,
        query: {
          bool: {
            filter: [{ term: { 'run.id': runId } }, { terms: { 'event.action': [...outlineActions] } }]
          }
        },
        // An event that is in two indices of the data stream makes no difference.
        sort: ['playtrail.index', 'playtrail.log'].map((field) => ({
          [field]: { order: 'asc' as const, unmapped_type: field === 'playtrail.log' ? 'keyword' : 'long' }
        })),
        track_total_hits: false,
        _source: FIELDS,
        ...(after !== undefined && { search_after: after })
      },
      signal === undefined ? {} : { signal }
    )
    for (const { _source } of hits.hits) if (_source !== undefined) fold.add(_source)
    if (fold.isTooLarge) throw tooManyResults(runId)
    after = hits.hits.at(-1)?.sort
    if (hits.hits.length < limits.outlineEventsAtOnce || after === undefined) return fold.outline()
  }
}
