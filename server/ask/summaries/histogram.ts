import type { FastifyPluginAsync } from 'fastify'
import { microsecondsOf } from '../../index/columns.ts'
import type { Store } from '../../index/store.ts'
import { type EventFilter, type HistogramInterval, histogramIntervals } from '../../index/summaries.ts'
import { problem } from '../documents.ts'
import { eventFilters, filterOf } from '../filters.ts'
import { runIdOf } from '../find-run.ts'
import { oneOf, querySchema, readParameters } from '../parameters.ts'
import { type AskOptions, documentOnly } from '../routes.ts'
import { histogram } from './documents.ts'
import { examples } from './examples.ts'
import { refusals } from './refusals.ts'

const lengthsMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 } as const

/** Intervals that are easy to see side by side: about as many are chosen, and no more as far as weeks do. */
const INTERVALS_AUTO = 200

const parameters = {
  ...eventFilters,
  interval: oneOf(
    ['auto', ...histogramIntervals],
    `How long an interval is; \`auto\` chooses the shortest of which ${INTERVALS_AUTO} reach over the whole time.`,
    'auto'
  )
}

/** GET /v1/histogram: how many events there were when, and with which status. */
export const histogramRoute: FastifyPluginAsync<AskOptions> = async (app, { store, now = Date.now }) => {
  documentOnly(app)

  app.get('/v1/histogram', { schema }, async (request) => {
    const nowMs = now()
    const { run, interval: given = 'auto', ...filters } = readParameters(parameters, request.query, nowMs)
    const { signal } = request
    const filter = { ...filterOf(filters), runId: await runIdOf(store, run, signal) }
    const interval = given === 'auto' ? await chosen(store, filter, nowMs, signal) : given
    return { interval, items: await store.histogram(filter, interval, signal), next: null }
  })
}

/**
 * For the time between `from` and `to`, or else the first and the last event that pass the filter. An event from the
 * future, of a clock that is wrong, does not count where the end is not given: it would make all others one interval.
 */
async function chosen(
  store: Pick<Store, 'eventParts'>,
  filter: EventFilter,
  nowMs: number,
  signal: AbortSignal
): Promise<HistogramInterval> {
  const { fromMs, toMs = nowMs + 1 } = filter
  const end = async (order: 'asc' | 'desc'): Promise<number> => {
    const asked = { ...filter, toMs, order, limit: 1, fields: ['@timestamp'] }
    const { items } = await store.eventParts(asked, signal)
    const microseconds = microsecondsOf(items[0]?.['@timestamp'])
    return microseconds === undefined ? nowMs : microseconds / 1000
  }
  const lengthMs = (filter.toMs ?? (await end('desc'))) - (fromMs ?? (await end('asc')))
  return histogramIntervals.find((each) => lengthMs <= INTERVALS_AUTO * lengthsMs[each]) ?? 'week'
}

const schema = {
  summary: 'Events over time',
  description:
    'How many events there were in each minute, hour, day or week, by status. Intervals begin in UTC, weeks on Monday.',
  tags: ['ask'],
  querystring: querySchema(parameters),
  response: {
    200: { ...histogram, examples: [examples.histogram] },
    ...refusals,
    404: problem('`run_not_found`'),
    409: problem('`run_ambiguous`')
  }
}
