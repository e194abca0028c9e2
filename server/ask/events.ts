import type { FastifyPluginAsync } from 'fastify'
import { decodeCursor } from './cursors.ts'
import { indexedEvent, problem } from './documents.ts'
import { eventFilters, filterOf } from './filters.ts'
import { runIdOf } from './find-run.ts'
import { listRoute } from './list.ts'
import { cursorOfSort, oneOf, querySchema, readParameters } from './parameters.ts'
import { type AskOptions, documentOnly } from './routes.ts'

const orders = { '-@timestamp': 'desc', '@timestamp': 'asc' } as const

const list = listRoute({
  list: 'events',
  item: indexedEvent,
  columns: [
    '@timestamp',
    'event.action',
    'run.id',
    'run.name',
    'run.status',
    'user.name',
    'observer.hostname',
    'host.name',
    'ansible.play.name',
    'ansible.task.name',
    'ansible.task.action',
    'ansible.result.status',
    'ansible.result.msg',
    'event.duration',
    'event.id'
  ]
})

const parameters = {
  ...eventFilters,
  heartbeats: oneOf(
    ['true', 'false'],
    '`false` leaves out `run.heartbeat`, which says nothing but that a run goes on.',
    'true'
  ),
  sort: oneOf(['-@timestamp', '@timestamp'], 'Newest first, or oldest first.', '-@timestamp'),
  ...list.parameters,
  cursor: cursorOfSort('events', [Date.UTC(2026, 10, 5, 9, 30) * 1000, 4711])
}

/** GET /v1/events: every recorded fact, by time. */
export const eventsRoute: FastifyPluginAsync<AskOptions> = async (app, { store, now = Date.now }) => {
  documentOnly(app)

  app.get('/v1/events', { schema }, async (request, reply) => {
    const given = readParameters(parameters, request.query, now())
    const { fields, limit, cursor, ...more } = given
    const { sort = '-@timestamp', run: beginning, heartbeats, ...filters } = more
    const order = orders[sort]
    const ofOrder = order === 'desc' ? 'events' : 'events, oldest first'
    const after = cursor === undefined ? undefined : decodeCursor(ofOrder, cursor)
    const runId = await runIdOf(store, beginning, request.signal)
    const isWithoutHeartbeats = heartbeats === 'false'
    const asked = { ...filterOf(filters), order, runId, isWithoutHeartbeats }
    return list.answer(request, reply, { fields, limit, cursor: after, list: ofOrder }, (part) =>
      store.events({ ...asked, ...part }, request.signal)
    )
  })
}

const schema = {
  summary: 'Events by time',
  description:
    'Within the same time they stand in the order of the journal. `host`, `playbook` and `user` mean what the event itself says.',
  tags: ['ask'],
  querystring: querySchema(parameters),
  response: {
    ...list.response,
    400: problem('`parameter_invalid`, `cursor_invalid`, `query_invalid`, `query_too_costly`'),
    404: problem('`run_not_found`'),
    409: problem('`run_ambiguous`')
  }
}
