import type { FastifyPluginAsync } from 'fastify'
import { problem, withoutRequired } from '../ask/documents.ts'
import { from, to } from '../ask/filters.ts'
import { invalid, querySchema, readParameters } from '../ask/parameters.ts'
import { documentOnly } from '../ask/routes.ts'
import type { Problem } from '../errors.ts'
import { completeness } from './documents.ts'
import { type Examined, examine } from './examine.ts'

/** From so long before `to`, if the request does not say. */
const SPAN_MS = 7 * 24 * 3_600_000

const parameters = {
  from: {
    ...from,
    schema: {
      ...from.schema,
      description: `${from.schema.description} 7 days before \`to\` if it is absent.`
    }
  },
  to: { ...to, schema: { ...to.schema, default: 'now' } }
}

/** GET /v1/completeness: is the list of a period complete? */
export const completenessRoute: FastifyPluginAsync<Examined> = async (app, examined) => {
  documentOnly(app)

  app.get('/v1/completeness', { schema }, async ({ query, signal }) => {
    const nowMs = examined.now()
    const given = readParameters(parameters, query, nowMs)
    // Nobody can tell yet what comes after now.
    const toMs = Math.min(given.to ?? nowMs + 1, nowMs + 1)
    const fromMs = given.from ?? toMs - SPAN_MS
    if (fromMs >= toMs) throw emptyTime(fromMs, toMs)
    const { verdict, complete, ...found } = await examine(examined, { fromMs, toMs }, signal)
    const [begin, end] = [fromMs, toMs].map((ms) => new Date(ms).toISOString())
    return { complete, verdict, from: begin, to: end, log: examined.log, ...found }
  })
}

/** Of no time at all every list is complete, which proves nothing. */
function emptyTime(fromMs: number, toMs: number): Problem {
  const [begin, end] = [fromMs, toMs].map((ms) => new Date(ms).toISOString())
  return invalid('from', `a time before to and before now, ${end}`, `${begin}`)
}

const schema = {
  summary: 'Is the list complete?',
  description:
    'Looks at the runs that started in this time, by `run.id`, each as a whole: also at what came of it later. Their events are numbered without gaps, so that what is missing shows. docs/evidence.md says what is exact, and where a limit applies. Lag, dead letters and what was refused are those of the server that answers: where several write to one index, ask each of them.',
  tags: ['prove'],
  querystring: querySchema(parameters),
  response: {
    200: withoutRequired(completeness),
    400: problem('`parameter_invalid`; `query_too_costly`: too many runs'),
    503: problem('`index_unavailable`, `overloaded`, `query_timeout`')
  }
}
