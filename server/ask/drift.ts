import type { FastifyPluginAsync } from 'fastify'
import type { Position, Run } from '../index/store.ts'
import { problem, withMembers } from './documents.ts'
import { checkedRuns, driftItem } from './drift-documents.ts'
import type { Drift, DriftResult } from './drift-fold.ts'
import { from, host, playbook, to } from './filters.ts'
import { findDrift } from './find-drift.ts'
import { pageAfter } from './keyset.ts'
import { listRoute } from './list.ts'
import { once } from './once.ts'
import { query, querySchema, readParameters } from './parameters.ts'
import { type AskOptions, documentOnly } from './routes.ts'

/** From so long before `to`, if the request does not say. */
const SPAN_MS = 30 * 24 * 3_600_000

const list = listRoute({
  list: 'drift',
  item: driftItem,
  columns: [
    'host.name',
    'run.name',
    ...['name', 'role', 'path', 'line'].map((name) => `ansible.task.${name}`),
    'paths',
    'since',
    'runs',
    'first.run.id',
    'first.user.name',
    'last.@timestamp',
    'last.run.id',
    'last.user.name'
  ]
})
const parameters = {
  q: query('events'),
  host,
  playbook,
  from: {
    ...from,
    schema: {
      ...from.schema,
      description: `${from.schema.description} 30 days before \`to\` if it is absent.`
    }
  },
  to: { ...to, schema: { ...to.schema, default: 'now' } },
  ...list.parameters
}

/** GET /v1/drift: what check runs say would be changed, and since when. */
export const driftRoute: FastifyPluginAsync<AskOptions> = async (app, { store, now = Date.now }) => {
  documentOnly(app)

  app.get('/v1/drift', { schema }, async (request, reply) => {
    const nowMs = now()
    const given = readParameters(parameters, request.query, nowMs)
    const { q: matching, host: name, playbook: of, from: first, to: end, ...part } = given
    // What comes while this is answered belongs to it.
    const toMs = end ?? nowMs + 1
    const asked = { fromMs: first ?? toMs - SPAN_MS, toMs, host: name, playbook: of, matching }
    const found = once(() => findDrift(store, asked, request.signal))
    const answer = await list.answer(request, reply, part, async (page) => {
      const { items, next } = pageAfter((await found()).drift, placeOf, page)
      return { items: items.map(itemOf), next }
    })
    if (!('items' in answer)) return answer
    return { ...answer, checked: checkedOf((await found()).checked, asked.fromMs, toMs) }
  })
}

function placeOf({ host: name, playbook: of = '', identity }: Drift): Position {
  return [name, of, identity]
}

function itemOf({ host: name, playbook: of, first, last, runs }: Drift) {
  return {
    host: { name },
    ...(of !== undefined && { run: { name: of } }),
    ansible: { task: last.task },
    paths: last.paths,
    since: first['@timestamp'],
    runs,
    first: seen(first),
    last: seen(last)
  }
}

function seen({ '@timestamp': time, run, user, sequence: number }: DriftResult) {
  return {
    '@timestamp': time,
    run: { id: run.id },
    event: { sequence: number },
    ...(user !== undefined && { user: { name: user } })
  }
}

function checkedOf(runs: readonly Run[], fromMs: number, toMs: number) {
  const [last, first] = [runs[0], runs.at(-1)]
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    runs: runs.length,
    ...(first !== undefined && { first: runSeen(first) }),
    ...(last !== undefined && { last: runSeen(last) })
  }
}

function runSeen({ '@timestamp': time, run: { id, name, status }, user }: Run) {
  return {
    '@timestamp': time,
    run: { id, ...(name !== undefined && { name }), status },
    ...(user !== undefined && { user: { name: user.name } })
  }
}

const schema = {
  summary: 'What check runs would change',
  description:
    'A task on a host is here if the last run of its playbook that said anything about it was a check that would change something. `since` is when that was said first. `checked` of a page of JSON tells which check runs there were at all: no drift is something else than nobody having looked. docs/history.md has the whole definition.',
  tags: ['ask'],
  querystring: querySchema(parameters),
  response: {
    ...list.response,
    200: withMembers(list.response[200], { checked: checkedRuns }),
    400: problem('`parameter_invalid`, `cursor_invalid`, `query_invalid`, `query_too_costly`'),
    503: problem('`query_timeout`, `overloaded`, `index_unavailable`')
  }
}
