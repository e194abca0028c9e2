import type { FastifyPluginAsync } from 'fastify'
import type { Position, Run } from '../index/store.ts'
import { limits } from '../limits.ts'
import { taskName } from './compare-documents.ts'
import { count, eventField, objectOf, pageOf, problem, type Schema, timestamp } from './documents.ts'
import type { Drift, DriftResult } from './drift-fold.ts'
import { from, host, playbook, to } from './filters.ts'
import { findDrift } from './find-drift.ts'
import { pageAfter } from './keyset.ts'
import { sequence } from './outline-documents.ts'
import { cursor, limit, query, querySchema, readParameters } from './parameters.ts'
import { type AskOptions, answerOf, documentOnly } from './routes.ts'
import { parseTime } from './time.ts'

const FROM_DEFAULT = 'now-30d'

const parameters = {
  q: query('events'),
  host,
  playbook,
  from: { ...from, schema: { ...from.schema, default: FROM_DEFAULT } },
  to: { ...to, schema: { ...to.schema, default: 'now' } },
  limit,
  cursor: cursor('drift')
}

/** GET /v1/drift: what check runs say would be changed, and since when. */
export const driftRoute: FastifyPluginAsync<AskOptions> = async (app, { store, now = Date.now }) => {
  documentOnly(app)

  app.get('/v1/drift', { schema }, async ({ query: given, signal }) => {
    const nowMs = now()
    const {
      cursor: after,
      limit: items = limits.pageItemsDefault,
      q: matching,
      ...filters
    } = readParameters(parameters, given, nowMs)
    const fromMs = filters.from ?? parseTime(FROM_DEFAULT, nowMs) ?? 0
    // What comes while this is answered belongs to it.
    const toMs = filters.to ?? nowMs + 1
    const asked = { fromMs, toMs, host: filters.host, playbook: filters.playbook, matching }
    const { drift, checked } = await findDrift(store, asked, signal)
    const { items: found, next } = pageAfter(drift, placeOf, { after, limit: items })
    const page = answerOf('drift', { items: found.map(itemOf), next })
    return { ...page, checked: checkedOf(checked, fromMs, toMs) }
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

const userName = objectOf({ name: eventField('user.name') })
const runId = eventField('run.id')
const seenSchema = (description: string): Schema =>
  objectOf(
    {
      '@timestamp': timestamp,
      run: objectOf({ id: runId }),
      event: objectOf({ sequence }),
      user: userName
    },
    ['user'],
    { description }
  )
const runSeenSchema = (description: string): Schema =>
  objectOf(
    {
      '@timestamp': timestamp,
      run: objectOf({ id: runId, name: eventField('run.name'), status: eventField('run.status') }, ['name']),
      user: userName
    },
    ['user'],
    { description }
  )

const driftItem = objectOf(
  {
    host: objectOf({ name: eventField('host.name') }),
    run: objectOf({ name: eventField('run.name') }, [], { description: 'The playbook.' }),
    ansible: objectOf({ task: taskName }),
    paths: {
      type: 'array',
      items: { type: 'string' },
      description: 'What would be changed, as the last diff has it; the first of many.'
    },
    since: {
      ...timestamp,
      description: 'When it was said first, with nothing since then that says otherwise.'
    },
    runs: { ...count, description: 'Runs that said so, from the first to the last.' },
    first: seenSchema('The result that said so first.'),
    last: seenSchema('The result that said so last.')
  },
  ['run'],
  { title: 'Drift' }
)

const page = pageOf(driftItem)
const schema = {
  summary: 'What check runs would change',
  description:
    'A task on a host is here if the last run of its playbook that said anything about it was a check that would change something. `since` is when that was said first. `checked` tells which check runs there were at all: no drift is something else than nobody having looked. docs/history.md has the whole definition.',
  tags: ['ask'],
  querystring: querySchema(parameters),
  response: {
    200: {
      ...page,
      properties: {
        ...page.properties,
        checked: objectOf(
          {
            from: timestamp,
            to: timestamp,
            runs: {
              ...count,
              description: 'Runs with `--check` that started in this time, whatever `q` says.'
            },
            first: runSeenSchema('The oldest of them.'),
            last: runSeenSchema('The newest of them.')
          },
          ['first', 'last'],
          { description: 'What was looked at.' }
        )
      },
      required: [...(page.required ?? []), 'checked']
    },
    400: problem('`parameter_invalid`, `cursor_invalid`, `query_invalid`, `query_too_costly`'),
    503: problem('`query_timeout`, `overloaded`, `index_unavailable`')
  }
}
