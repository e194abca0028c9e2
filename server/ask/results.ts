import type { FastifyPluginAsync } from 'fastify'
import { indexedEvent, problem } from './documents.ts'
import { host, resultStatus } from './filters.ts'
import { findRun, runIdSchema } from './find-run.ts'
import { listRoute } from './list.ts'
import { query, querySchema, readParameters } from './parameters.ts'
import { type AskOptions, documentOnly } from './routes.ts'

const list = listRoute({
  list: 'results',
  item: indexedEvent,
  columns: [
    '@timestamp',
    'host.name',
    'ansible.play.name',
    'ansible.task.name',
    'ansible.task.action',
    'ansible.task.role',
    'ansible.task.path',
    'ansible.task.line',
    'ansible.result.status',
    'ansible.result.ignored',
    'ansible.result.rescued',
    'ansible.result.attempts',
    'ansible.result.rc',
    'ansible.result.msg',
    'ansible.task.check_mode',
    'event.duration',
    'event.id'
  ]
})
const parameters = { q: query('events'), host, status: resultStatus, ...list.parameters }

/** GET /v1/runs/:id/results: how each task ended on each host, in the order in which they ended. */
export const resultsRoute: FastifyPluginAsync<AskOptions> = async (app, { store, now = Date.now }) => {
  documentOnly(app)

  app.get<{ Params: { id: string } }>('/v1/runs/:id/results', { schema }, async (request, reply) => {
    const given = readParameters(parameters, request.query, now())
    const { fields, limit, cursor, q: matching, ...filters } = given
    const { run } = await findRun(store, request.params.id, request.signal)
    const asked = { ...filters, matching, runId: run.id }
    return list.answer(request, reply, { fields, limit, cursor }, (part) =>
      store.results({ ...asked, ...part }, request.signal)
    )
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
    ...list.response,
    400: problem('`parameter_invalid`, `cursor_invalid`, `query_invalid`, `query_too_costly`'),
    404: problem('`run_not_found`'),
    409: problem('`run_ambiguous`')
  }
}
