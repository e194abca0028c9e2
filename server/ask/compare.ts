import type { FastifyPluginAsync } from 'fastify'
import { comparison } from './compare-documents.ts'
import { compareRuns } from './compare-runs.ts'
import { problem } from './documents.ts'
import { findRun } from './find-run.ts'
import { querySchema, readParameters, required, text } from './parameters.ts'
import { type AskOptions, documentOnly } from './routes.ts'

const parameters = {
  a: text('Id of the one run, or its beginning.', '019a5344-9e0b-7c3f-8a51-6d1e0c9b7a42'),
  b: text('Id of the other run, or its beginning.', '019a5344-9e0c')
}

/** GET /v1/compare: what differs between two runs. */
export const compareRoute: FastifyPluginAsync<AskOptions> = async (app, { store, now = Date.now }) => {
  documentOnly(app)

  app.get('/v1/compare', { schema }, async ({ query, signal }) => {
    const given = readParameters(parameters, query, now())
    const [a, b] = [required('a', given.a, parameters.a), required('b', given.b, parameters.b)]
    const runA = await findRun(store, a, signal, 'a')
    const runB = await findRun(store, b, signal, 'b')
    const outlineA = await store.outline(runA.run.id, signal)
    const outlineB = await store.outline(runB.run.id, signal)
    return compareRuns({ run: runA, outline: outlineA }, { run: runB, outline: outlineB }, signal)
  })
}

const schema = {
  summary: 'Two runs compared',
  description:
    'What differs between them: what they were asked to do, hosts and tasks that only one of them has, how tasks ended on hosts, and how long they took. Tasks are the same if they have the same `ansible.task.key`. docs/history.md tells how each list comes about; `more` says how many it leaves out.',
  tags: ['ask'],
  querystring: { ...querySchema(parameters), required: ['a', 'b'] },
  response: {
    200: comparison,
    400: problem('`parameter_invalid`, `query_too_costly`: a run has too many results'),
    404: problem('`run_not_found`'),
    409: problem('`run_ambiguous`')
  }
}
