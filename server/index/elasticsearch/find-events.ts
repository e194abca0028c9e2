import type { Client, estypes } from '@elastic/elasticsearch'
import type { Query } from '../../ask/query/ast.ts'
import { toElasticsearch } from '../../ask/query/to-elasticsearch.ts'
import { limits } from '../../limits.ts'
import type {
  EventPart,
  EventPartQuery,
  EventQuery,
  IndexedEvent,
  Page,
  Position,
  ResultQuery
} from '../store.ts'
import type { IndexNames } from './names.ts'
import type { IndexOnly } from './operations.ts'
import { pageOf } from './pages.ts'
import { conditions } from './query.ts'
import { type Search, search } from './search.ts'

export interface EventSource extends IndexedEvent {
  playtrail: IndexedEvent['playtrail'] & IndexOnly
}

export function findEvents(
  client: Client,
  names: IndexNames,
  query: EventQuery
): Promise<Page<IndexedEvent>> {
  const { filter, sort } = askedFor(query)
  const ask = (size: number, after: Position | undefined) =>
    search<EventSource>(client, names.events, { size, sort, after, filter })
  return pageOf(query.limit, query.after, ask, ({ _id, _source }) => documentOf(_id, _source))
}

/** Documents with little in them: more of them are asked for at once. */
export function findEventParts(
  client: Client,
  names: IndexNames,
  { fields, ...query }: EventPartQuery
): Promise<Page<EventPart>> {
  const { filter, sort } = askedFor(query)
  const ask = (size: number, after: Position | undefined) =>
    search<EventPart>(client, names.events, { size, sort, after, filter, fields: [...fields] })
  return pageOf(query.limit, query.after, ask, ({ _source }) => _source ?? {}, limits.eventPartsAtOnce)
}

function askedFor(query: EventQuery): Pick<Search, 'filter' | 'sort'> {
  const found = conditions()
  found.equal('run.id', query.runId)
  found.equal('event.action', query.action)
  found.like('run.name', query.playbook)
  found.like('host.name', query.host)
  found.equal('user.name', query.user)
  if (query.status !== undefined) found.add(statusClause(query.status))
  if (query.isWithoutHeartbeats)
    found.add({ bool: { must_not: { term: { 'event.action': { value: 'run.heartbeat' } } } } })
  found.between('playtrail.time', query)
  if (query.matching !== undefined) found.add(toElasticsearch(query.matching))

  const { order } = query
  const sort = ['playtrail.time', 'playtrail.index', 'playtrail.log'].map((field) => ({
    [field]: { order, unmapped_type: field === 'playtrail.log' ? ('keyword' as const) : ('long' as const) }
  }))
  return { filter: found.clauses, sort }
}

/** Of a run with a status, or of a result with one: an event that has both is a result. */
function statusClause(value: string): estypes.QueryDslQueryContainer {
  const ofResult = { term: { 'ansible.result.status': { value } } }
  const ofRun = {
    bool: {
      filter: [{ term: { 'run.status': { value } } }],
      must_not: [{ exists: { field: 'ansible.result.status' } }]
    }
  }
  return { bool: { should: [ofResult, ofRun], minimum_should_match: 1 } }
}

interface ResultSource {
  event: { id: string }
}

export async function findResults(
  client: Client,
  names: IndexNames,
  query: ResultQuery
): Promise<Page<IndexedEvent>> {
  const found = conditions()
  found.equal('run.id', query.runId)
  found.like('host.name', query.host)
  found.equal('ansible.result.status', query.status)
  found.between('playtrail.time', query)
  const sort = ['event.sequence', 'playtrail.index'].map((field) => ({
    [field]: { order: 'asc' as const, unmapped_type: 'long' as const }
  }))
  return pageOf<EventSource, IndexedEvent>(
    query.limit,
    query.after,
    async (size, after) => {
      const options = { size, sort, after, filter: found.clauses }
      const results = await search<ResultSource>(client, names.results, options)
      const ids = results.flatMap(({ _source }) => _source?.event.id ?? [])
      const events = await eventsById(client, names.events, ids, query.matching)
      // Where an event is not searchable yet, does not match, or is gone by retention, there is nothing to show.
      return results.map(({ _source, sort: position, _id }) => ({
        _id,
        sort: position,
        _source: events.get(_source?.event.id ?? '')
      }))
    },
    ({ _id, _source }) => (_source === undefined ? undefined : documentOf(_id, _source))
  )
}

/** `_source` of the events with these ids, as far as they are there and match. */
async function eventsById(
  client: Client,
  index: string,
  ids: string[],
  matching: Query | undefined
): Promise<Map<string, EventSource>> {
  if (ids.length === 0) return new Map()
  const matched = matching === undefined ? [] : [toElasticsearch(matching)]
  const filter = [{ terms: { 'event.id': ids } }, ...matched]
  // An event may be in two indices of a data stream: see sent-before.ts.
  const hits = await search<EventSource>(client, index, { size: 2 * ids.length, sort: ['_doc'], filter })
  return new Map(hits.flatMap(({ _id, _source }) => (_source === undefined ? [] : [[_id ?? '', _source]])))
}

/** The event as it was received, with what the server knows about it. */
export function documentOf(id: string | undefined, source: EventSource | undefined): IndexedEvent {
  if (source === undefined) throw new Error(`the document ${id} has no _source`)
  const { time: _time, ...playtrail } = source.playtrail
  return { ...source, playtrail }
}
