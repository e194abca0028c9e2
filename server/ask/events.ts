import type { FastifyPluginAsync } from 'fastify'
import { limits } from '../limits.ts'
import { decodeCursor } from './cursors.ts'
import { indexedEvent, pageOf, problem } from './documents.ts'
import { action, eitherStatus, from, host, playbook, run, to, user } from './filters.ts'
import { runIdOf } from './find-run.ts'
import { limit, oneOf, query, querySchema, readParameters, text } from './parameters.ts'
import { type AskOptions, answerOf, documentOnly } from './routes.ts'

const orders = { '-@timestamp': 'desc', '@timestamp': 'asc' } as const

const parameters = {
  q: query('events'),
  run,
  action,
  playbook,
  host,
  user,
  status: eitherStatus,
  heartbeats: oneOf(
    ['true', 'false'],
    '`false` leaves out `run.heartbeat`, which says nothing but that a run goes on.',
    'true'
  ),
  from,
  to,
  sort: oneOf(['-@timestamp', '@timestamp'], 'Newest first, or oldest first.', '-@timestamp'),
  limit,
  cursor: text(
    '`next` of the page before, which was asked for with the same `sort`.',
    'WzEsImV2ZW50cyIsMTc2Ml0'
  )
}

/** GET /v1/events: every recorded fact, by time. */
export const eventsRoute: FastifyPluginAsync<AskOptions> = async (app, { store, now = Date.now }) => {
  documentOnly(app)

  app.get('/v1/events', { schema }, async (request) => {
    const given = readParameters(parameters, request.query, now())
    const {
      cursor,
      from: fromMs,
      to: toMs,
      limit: items,
      sort = '-@timestamp',
      run: beginning,
      heartbeats,
      q: matching,
      ...filters
    } = given
    const runId = await runIdOf(store, beginning, request.signal)
    const order = orders[sort]
    const list = order === 'desc' ? 'events' : 'events, oldest first'
    const after = cursor === undefined ? undefined : decodeCursor(list, cursor)
    const page = { after, limit: items ?? limits.pageItemsDefault, order }
    const isWithoutHeartbeats = heartbeats === 'false'
    const asked = { ...filters, ...page, runId, fromMs, toMs, isWithoutHeartbeats, matching }
    return answerOf(list, await store.events(asked, request.signal))
  })
}

const schema = {
  summary: 'Events by time',
  description:
    'Within the same time they stand in the order of the journal. `host`, `playbook` and `user` mean what the event itself says.',
  tags: ['ask'],
  querystring: querySchema(parameters),
  response: {
    200: pageOf(indexedEvent),
    400: problem('`parameter_invalid`, `cursor_invalid`, `query_invalid`, `query_too_costly`'),
    404: problem('`run_not_found`'),
    409: problem('`run_ambiguous`')
  }
}
