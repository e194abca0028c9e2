import type { FastifyPluginAsync } from 'fastify'
import { Problem } from '../../errors.ts'
import type { JournalReader } from '../../journal/reader.ts'
import { limits } from '../../limits.ts'
import { fieldsParameter } from '../choice.ts'
import { indexedEvent, problem } from '../documents.ts'
import { oneOf, type Parameter, query, querySchema, readParameters, text } from '../parameters.ts'
import { type CompiledQuery, compileQuery, termsOf } from '../query/compile.ts'
import { documentOnly } from '../routes.ts'
import { openLive } from './live.ts'
import type { Pace } from './pace.ts'

export interface LiveRouteOptions {
  journal: JournalReader
  /** Throws Problem if whoever sent this header may not read, any more. */
  check(authorization: string | undefined): void
  /** The clock that `now` is read from. */
  now?: () => number
  pace?: Pace
}

const ofEvents = query('events')

/** Of each event that is received it is asked at once, so that it has to be cheaper than one that an index is asked. */
const matching: Parameter<CompiledQuery> = {
  ...ofEvents,
  read(given, name, nowMs) {
    const asked = ofEvents.read(given, name, nowMs)
    const terms = termsOf(asked)
    const { liveQueryTermsMax: max } = limits
    if (terms <= max) return compileQuery(asked)
    throw new Problem(
      'query_too_costly',
      `q: It has ${terms} conditions, of which a phrase counts as many as it has words; ${max} are the most here. Ask for more events with fewer conditions, or ask GET /v1/events.`,
      { parameter: name }
    )
  }
}

const parameters = {
  q: matching,
  fields: fieldsParameter(indexedEvent),
  runs: oneOf(
    ['true', 'false'],
    '`false` leaves out what runs do: only events that match `q` are told.',
    'true'
  ),
  kind: oneOf(
    ['service'],
    '`service`: also the runs that are the life of the service itself, which are left out otherwise.'
  ),
  last_event_id: text(
    'The id that was told last, where the header Last-Event-ID cannot be sent: all that follows is told.',
    '6f1c2a34-5b1e-4d5c-9a6b-0c1d2e3f4a5b:4711'
  )
}

/** GET /v1/live: what happens, as it is received. */
export const liveRoute: FastifyPluginAsync<LiveRouteOptions> = async (app, options) => {
  const { journal, check, now = Date.now, pace = limits } = options
  documentOnly(app)
  const live = openLive({ journal, log: app.log, pace })
  // Before the server waits for the open requests, which these are.
  app.addHook('preClose', async () => live.close())

  app.get('/v1/live', { schema, exposeHeadRoute: false }, async (request, reply) => {
    const given = readParameters(parameters, request.query, now())
    const header = request.headers['last-event-id']
    live.checkRoom()
    reply.hijack()
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // Of nginx: pass on what comes, when it comes.
      'x-accel-buffering': 'no'
    })
    const { authorization } = request.headers
    const wanted = {
      runs: given.runs !== 'false',
      isWithService: given.kind === 'service',
      matching: given.q,
      fields: given.fields,
      check: () => check(authorization)
    }
    live.join(reply.raw, wanted, typeof header === 'string' && header !== '' ? header : given.last_event_id)
    return reply
  })
}

/** One message of the stream: OpenAPI 3.1 has no word for what a stream is made of. */
const message = {
  description: 'Each message of the stream.',
  type: 'object',
  properties: {
    event: { type: 'string', enum: ['run.started', 'run.progress', 'run.ended', 'event', 'reset'] },
    id: { type: 'string', description: 'Where to go on: `Last-Event-ID`.' },
    data: { type: 'string', description: 'A JSON object: the run, the event, or the `reason` of a reset.' }
  },
  required: ['event', 'id', 'data']
} as const

const schema = {
  summary: 'What happens, as it happens',
  description: `Server-Sent Events (HTML standard): \`run.started\`, \`run.progress\` (at most every ${limits.liveProgressMs} ms a run) and \`run.ended\` with the run, \`event\` with an event that matches \`q\`, \`reset\` if the last id cannot be gone on from. docs/api.md tells more.`,
  tags: ['ask'],
  querystring: querySchema(parameters),
  response: {
    200: {
      description: 'The stream, which has no end.',
      content: { 'text/event-stream': { schema: message } }
    },
    400: problem('`parameter_invalid`, `query_invalid`, `query_too_costly`'),
    503: problem('`too_many_clients`, `overloaded`')
  }
}
