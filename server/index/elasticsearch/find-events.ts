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
import { byTime, eventConditions } from './event-conditions.ts'
import type { IndexOnly } from './operations.ts'
import { pageOf } from './pages.ts'
import { conditions } from './query.ts'
import { type Asking, type Search, search } from './search.ts'

export interface EventSource extends IndexedEvent {
  playtrail: IndexedEvent['playtrail'] & IndexOnly
}

export function findEvents(asking: Asking, query: EventQuery): Promise<Page<IndexedEvent>> {
  const { filter, sort } = askedFor(query)
  const ask = (size: number, after: Position | undefined) =>
    search<EventSource>(asking, asking.names.events, { size, sort, after, filter })
  return pageOf(query.limit, query.after, ask, ({ _id, _source }) => documentOf(_id, _source))
}

/** Documents with little in them: more of them are asked for at once. */
export function findEventParts(
  asking: Asking,
  { fields, ...query }: EventPartQuery
): Promise<Page<EventPart>> {
  const { filter, sort } = askedFor(query)
  const ask = (size: number, after: Position | undefined) =>
    search<EventPart>(asking, asking.names.events, { size, sort, after, filter, fields: [...fields] })
  return pageOf(query.limit, query.after, ask, ({ _source }) => _source ?? {}, limits.eventPartsAtOnce)
}

function askedFor(query: EventQuery): Pick<Search, 'filter' | 'sort'> {
  const found = eventConditions(query)
  if (query.isWithoutHeartbeats)
    found.add({ bool: { must_not: { term: { 'event.action': { value: 'run.heartbeat' } } } } })
  return { filter: found.clauses, sort: byTime(query.order) }
}

interface ResultSource {
  event: { id: string }
}

export async function findResults(asking: Asking, query: ResultQuery): Promise<Page<IndexedEvent>> {
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
      const results = await search<ResultSource>(asking, asking.names.results, options)
      const ids = results.flatMap(({ _source }) => _source?.event.id ?? [])
      const events = await eventsById(asking, ids, query.matching)
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
  asking: Asking,
  ids: string[],
  matching: Query | undefined
): Promise<Map<string, EventSource>> {
  if (ids.length === 0) return new Map()
  const matched = matching === undefined ? [] : [toElasticsearch(matching)]
  const filter = [{ terms: { 'event.id': ids } }, ...matched]
  // An event may be in two indices of a data stream: see sent-before.ts.
  const size = 2 * ids.length
  const hits = await search<EventSource>(asking, asking.names.events, { size, sort: ['_doc'], filter })
  return new Map(hits.flatMap(({ _id, _source }) => (_source === undefined ? [] : [[_id ?? '', _source]])))
}

/** The event as it was received, with what the server knows about it. */
export function documentOf(id: string | undefined, source: EventSource | undefined): IndexedEvent {
  if (source === undefined) throw new Error(`the document ${id} has no _source`)
  const { time: _time, duration_range: _range, ...playtrail } = source.playtrail
  return { ...source, playtrail }
}
