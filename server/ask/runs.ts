import type { FastifyPluginAsync } from 'fastify'
import { limits } from '../limits.ts'
import { pageOf, problem, runDocument } from './documents.ts'
import { from, host, playbookOrPath, runStatus, to, user } from './filters.ts'
import { findRun, runIdSchema } from './find-run.ts'
import { matrixRoute } from './matrix.ts'
import { outlineRoutes } from './outline.ts'
import { cursor, limit, query, querySchema, readParameters } from './parameters.ts'
import { resultsRoute } from './results.ts'
import { type AskOptions, answerOf, documentOnly } from './routes.ts'

const parameters = {
  q: query('runs'),
  playbook: playbookOrPath,
  host,
  user,
  status: runStatus,
  from,
  to,
  limit,
  cursor: cursor('runs')
}

/** GET /v1/runs, /v1/runs/:id and what lies under it: what was run, and how it ended. */
export const runsRoutes: FastifyPluginAsync<AskOptions> = async (app, options) => {
  const { store, now = Date.now } = options
  documentOnly(app)

  app.get('/v1/runs', { schema: listSchema }, async (request) => {
    const {
      cursor: after,
      from: fromMs,
      to: toMs,
      limit: items,
      q: matching,
      ...filters
    } = readParameters(parameters, request.query, now())
    const asked = { ...filters, matching, fromMs, toMs, after, limit: items ?? limits.pageItemsDefault }
    return answerOf('runs', await store.runs(asked, request.signal))
  })

  app.get<{ Params: { id: string } }>('/v1/runs/:id', { schema: oneSchema }, async (request) => {
    readParameters({}, request.query, now())
    return findRun(store, request.params.id, request.signal)
  })

  await app.register(resultsRoute, options)
  await app.register(outlineRoutes, options)
  await app.register(matrixRoute, options)
}

const listSchema = {
  summary: 'Runs, newest first',
  description:
    'Sorted by `run.id`, whose beginning is the time of the start; `from` and `to` mean that time.',
  tags: ['ask'],
  querystring: querySchema(parameters),
  response: {
    200: pageOf(runDocument),
    400: problem('`parameter_invalid`, `cursor_invalid`, `query_invalid`, `query_too_costly`')
  }
}

const oneSchema = {
  summary: 'One run',
  description: 'By its id, or by a beginning of it that no other run shares.',
  tags: ['ask'],
  params: runIdSchema,
  response: {
    200: runDocument,
    400: problem('`parameter_invalid`'),
    404: problem('`run_not_found`'),
    409: problem('`run_ambiguous`')
  }
}
