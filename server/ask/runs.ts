import type { FastifyPluginAsync } from 'fastify'
import { chosenOf, fieldsParameter } from './choice.ts'
import { problem, runDocument, withoutRequired } from './documents.ts'
import { from, host, playbookOrPath, runFilterOf, runKind, runStatus, to, user } from './filters.ts'
import { findRun, runIdSchema } from './find-run.ts'
import { listRoute } from './list.ts'
import { matrixRoute } from './matrix.ts'
import { outlineRoutes } from './outline.ts'
import { keepOutlines } from './outlines.ts'
import { query, querySchema, readParameters } from './parameters.ts'
import { resultsRoute } from './results.ts'
import { type AskOptions, documentOnly } from './routes.ts'

const list = listRoute({
  list: 'runs',
  item: runDocument,
  columns: [
    '@timestamp',
    'run.id',
    'run.name',
    'run.kind',
    'run.status',
    'run.reason',
    'user.name',
    'user.origin',
    'observer.hostname',
    'ansible.cli.check',
    'ansible.cli.limit',
    'ansible.cli.tags',
    'vcs.branch',
    'vcs.commit',
    'event.end',
    'event.duration',
    'ansible.hosts.total',
    'playtrail.results',
    'playtrail.events'
  ]
})
const fields = fieldsParameter(runDocument)

const parameters = {
  q: query('runs'),
  playbook: playbookOrPath,
  host,
  user,
  status: runStatus,
  kind: runKind,
  from,
  to,
  ...list.parameters
}

/** GET /v1/runs, /v1/runs/:id and what lies under it: what was run, and how it ended. */
export const runsRoutes: FastifyPluginAsync<AskOptions> = async (app, options) => {
  const { store, now = Date.now } = options
  documentOnly(app)

  app.get('/v1/runs', { schema: listSchema }, async (request, reply) => {
    const given = readParameters(parameters, request.query, now())
    const { fields, limit, cursor, ...filters } = given
    const asked = runFilterOf(filters)
    return list.answer(request, reply, { fields, limit, cursor }, (part) =>
      store.runs({ ...asked, ...part }, request.signal)
    )
  })

  app.get<{ Params: { id: string } }>('/v1/runs/:id', { schema: oneSchema }, async (request) => {
    const chosen = readParameters({ fields }, request.query, now()).fields
    const run = await findRun(store, request.params.id, request.signal)
    return chosen === undefined ? run : chosenOf(run, chosen)
  })

  await app.register(resultsRoute, options)
  const outlines = keepOutlines(store, now)
  await app.register(outlineRoutes, { ...options, outlines })
  await app.register(matrixRoute, { ...options, outlines })
}

const listSchema = {
  summary: 'Runs, newest first',
  description:
    'Sorted by `run.id`, whose beginning is the time of the start; `from` and `to` mean that time.',
  tags: ['ask'],
  querystring: querySchema(parameters),
  response: {
    ...list.response,
    400: problem('`parameter_invalid`, `cursor_invalid`, `query_invalid`, `query_too_costly`')
  }
}

const oneSchema = {
  summary: 'One run',
  description: 'By its id, or by a beginning of it that no other run shares.',
  tags: ['ask'],
  params: runIdSchema,
  querystring: querySchema({ fields }),
  response: {
    200: withoutRequired(runDocument),
    400: problem('`parameter_invalid`'),
    404: problem('`run_not_found`'),
    409: problem('`run_ambiguous`')
  }
}
