import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Outline, OutlineHost, OutlinePlay, OutlineTask } from '../index/outline.ts'
import type { Position } from '../index/store.ts'
import { problem } from './documents.ts'
import { host } from './filters.ts'
import { findRun, runIdSchema } from './find-run.ts'
import { pageAfter } from './keyset.ts'
import { listRoute } from './list.ts'
import { once } from './once.ts'
import { outlineHost, outlinePlay, outlineTask } from './outline-documents.ts'
import type { Outlines } from './outlines.ts'
import { querySchema, readParameters } from './parameters.ts'
import { likeness } from './query/patterns.ts'
import { type AskOptions, documentOnly } from './routes.ts'

export interface OutlineOptions extends AskOptions {
  outlines: Outlines
}

interface OfRun {
  Params: { id: string }
}

const counts = ['ok', 'changed', 'failed', 'skipped', 'unreachable'].map((status) => `results.${status}`)
const plays = listRoute({
  list: 'plays of a run',
  item: outlinePlay,
  columns: [
    'sequence',
    ...['id', 'batch', 'name', 'hosts_pattern'].map((name) => `ansible.play.${name}`),
    'no_hosts',
    'event',
    'tasks',
    'hosts',
    'results'
  ]
})
const tasks = listRoute({
  list: 'tasks of a run',
  item: outlineTask,
  columns: [
    'sequence',
    'ansible.play.name',
    'ansible.play.batch',
    ...['name', 'action', 'role', 'path', 'line', 'key', 'occurrence'].map((name) => `ansible.task.${name}`),
    'event',
    ...counts,
    'ignored',
    'rescued'
  ]
})
const hosts = listRoute({
  list: 'hosts of a run',
  item: outlineHost,
  columns: ['host.name', 'status', 'event', ...counts, 'ignored', 'rescued']
})
const ofHosts = { host, ...hosts.parameters }

/** GET /v1/runs/:id/plays, /tasks and /hosts: a run as whoever wrote the playbook knows it. */
export const outlineRoutes: FastifyPluginAsync<OutlineOptions> = async (app, options) => {
  const { store, outlines, now = Date.now } = options
  documentOnly(app)
  const outlineOf = ({ params, signal }: FastifyRequest<OfRun>): (() => Promise<Outline>) =>
    once(async () => outlines.of(await findRun(store, params.id, signal), signal))

  app.get<OfRun>('/v1/runs/:id/plays', { schema: playsSchema }, async (request, reply) => {
    const given = readParameters(plays.parameters, request.query, now())
    const outline = outlineOf(request)
    return plays.answer(request, reply, given, async (part) =>
      pageAfter((await outline()).plays, placeOfPlay, part)
    )
  })

  app.get<OfRun>('/v1/runs/:id/tasks', { schema: tasksSchema }, async (request, reply) => {
    const given = readParameters(tasks.parameters, request.query, now())
    const outline = outlineOf(request)
    return tasks.answer(request, reply, given, async (part) =>
      pageAfter((await outline()).tasks, placeOfTask, part)
    )
  })

  app.get<OfRun>('/v1/runs/:id/hosts', { schema: hostsSchema }, async (request, reply) => {
    const { host: name, ...given } = readParameters(ofHosts, request.query, now())
    const outline = outlineOf(request)
    const isAsked = likeness(name)
    const found = once(async () => (await outline()).hosts.filter((one) => isAsked(one.host.name)))
    return hosts.answer(request, reply, given, async (part) => pageAfter(await found(), placeOfHost, part))
  })
}

function placeOfPlay({ sequence, ansible: { play } }: OutlinePlay): Position {
  return [sequence, JSON.stringify([play.batch ?? 0, play.id])]
}

function placeOfTask({ sequence, ansible: { play, task } }: OutlineTask): Position {
  return [sequence, JSON.stringify([play.batch ?? 0, play.id, task.occurrence ?? 0, task.id])]
}

function placeOfHost({ host: { name } }: OutlineHost): Position {
  return [name]
}

export const ofRunProblems = {
  400: problem('`parameter_invalid`, `cursor_invalid`, `query_too_costly`: the run has too many results'),
  404: problem('`run_not_found`'),
  409: problem('`run_ambiguous`')
}

const playsSchema = {
  summary: 'Plays of a run',
  description:
    'In the order in which they began; a play with `serial` once for each batch. Made of the events that are here: where the start of a play was lost, its results tell of it.',
  tags: ['ask'],
  params: runIdSchema,
  querystring: querySchema(plays.parameters),
  response: { ...plays.response, ...ofRunProblems }
}

const tasksSchema = {
  summary: 'Tasks of a run',
  description:
    'In the order in which they were started, as often as they were: a task runs again for each batch of a play, each flush of handlers, each turn of the loop of an include. `sequence` is `event.sequence` of the first event of it.',
  tags: ['ask'],
  params: runIdSchema,
  querystring: querySchema(tasks.parameters),
  response: { ...tasks.response, ...ofRunProblems }
}

const hostsSchema = {
  summary: 'Hosts of a run',
  description: 'By name: how its tasks ended on each host, and how long they took there.',
  tags: ['ask'],
  params: runIdSchema,
  querystring: querySchema(ofHosts),
  response: { ...hosts.response, ...ofRunProblems }
}
