import { limits } from '../../limits.ts'
import { type Outline, outlineActions, tooManyResults } from '../outline.ts'
import { type OutlineEvent, openOutlineFold } from '../outline-fold.ts'
import type { Position } from '../store.ts'
import { byTime } from './event-conditions.ts'
import { type Asking, search } from './search.ts'

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
export async function readOutline(asking: Asking, runId: string): Promise<Outline> {
  const fold = openOutlineFold()
  const size = limits.outlineEventsAtOnce
  const filter = [{ term: { 'run.id': runId } }, { terms: { 'event.action': [...outlineActions] } }]
  for (let after: Position | undefined; ; ) {
    // An event that is in two indices of the data stream makes no difference.
    const page = { size, sort: byTime('asc'), filter, after, fields: FIELDS }
    const hits = await search<OutlineEvent>(asking, asking.names.events, page)
    for (const { _source } of hits) if (_source !== undefined) fold.add(_source)
    if (fold.isTooLarge) throw tooManyResults(runId)
    const last = hits.at(-1)?.sort
    if (hits.length < size || last === undefined) return fold.outline()
    after = last as (string | number)[]
  }
}
