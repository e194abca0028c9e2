import type { FastifyPluginAsync } from 'fastify'
import { facetFields } from '../../index/summaries.ts'
import { limits } from '../../limits.ts'
import { problem } from '../documents.ts'
import { eventFilters, filterOf } from '../filters.ts'
import { runIdOf } from '../find-run.ts'
import { querySchema, readParameters, someOf, wholeNumber } from '../parameters.ts'
import { type AskOptions, documentOnly } from '../routes.ts'
import { facets } from './documents.ts'
import { examples } from './examples.ts'
import { refusals } from './refusals.ts'

const parameters = {
  ...eventFilters,
  field: someOf(
    facetFields,
    'Fields to count by, separated by commas; all of these if it is absent: event.action, status, host.name, user.name, run.name.'
  ),
  limit: wholeNumber('Values of each field, at most: the most frequent ones.', {
    min: 1,
    max: limits.pageItemsMax,
    fallback: limits.pageItemsDefault
  })
}

/** GET /v1/facets: how many events have which value of a field. */
export const facetsRoute: FastifyPluginAsync<AskOptions> = async (app, { store, now = Date.now }) => {
  documentOnly(app)

  app.get('/v1/facets', { schema }, async (request) => {
    const given = readParameters(parameters, request.query, now())
    const { run: beginning, field = facetFields, limit: values = limits.pageItemsDefault, ...filters } = given
    const runId = await runIdOf(store, beginning, request.signal)
    const filter = { ...filterOf(filters), runId }
    return { items: await store.facets(filter, field, values, request.signal), next: null }
  })
}

const schema = {
  summary: 'Values of fields',
  description:
    'How many events have which value of a field, the most frequent first, at most `limit` of each field. `status` is that of a result, or else that of a run.',
  tags: ['ask'],
  querystring: querySchema(parameters),
  response: {
    200: { ...facets, examples: [examples.facets] },
    ...refusals,
    404: problem('`run_not_found`'),
    409: problem('`run_ambiguous`')
  }
}
