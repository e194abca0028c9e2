import type { FastifyPluginAsync } from 'fastify'
import { limits } from '../limits.ts'
import { indexedEvent, pageOf, problem } from './documents.ts'
import { host, resultStatus } from './filters.ts'
import { findRun, runIdSchema } from './find-run.ts'
import { cursor, limit, query, querySchema, readParameters } from './parameters.ts'
import { type AskOptions, answerOf, documentOnly } from './routes.ts'

const parameters = { q: query('events'), host, status: resultStatus, limit, cursor: cursor('results') }

/** GET /v1/runs/:id/results: how each task ended on each host, in the order in which they ended. */
export const resultsRoute: FastifyPluginAsync<AskOptions> = async (app, { store, now = Date.now }) => {
  documentOnly(app)

  app.get<{ Params: { id: string } }>('/v1/runs/:id/results', { schema }, async (request) => {
    const {
      cursor: after,
      limit: items,
      q: matching,
      ...filters
    } = readParameters(parameters, request.query, now())
    const { run } = await findRun(store, request.params.id, request.signal)
    const asked = { ...filters, matching, runId: run.id, after, limit: items ?? limits.pageItemsDefault }
    return answerOf('results', await store.results(asked, request.signal))
  })
}

const schema = {
  summary: 'Results of a run',
  description:
    'How each task ended on each host, in the order of `event.sequence`: of each task on a host the last result, for each batch of the play and each time the task was started.',
  tags: ['ask'],
  params: runIdSchema,
  querystring: querySchema(parameters),
  response: {
    200: pageOf(indexedEvent),
    400: problem('`parameter_invalid`, `cursor_invalid`, `query_invalid`, `query_too_costly`'),
    404: problem('`run_not_found`'),
    409: problem('`run_ambiguous`')
  }
}
