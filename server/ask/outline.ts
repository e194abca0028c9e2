import type { FastifyPluginAsync } from 'fastify'
import type { OutlineHost, OutlinePlay, OutlineTask } from '../index/outline.ts'
import type { Position } from '../index/store.ts'
import { limits } from '../limits.ts'
import { pageOf, problem } from './documents.ts'
import { host } from './filters.ts'
import { findRun, runIdSchema } from './find-run.ts'
import { pageAfter } from './keyset.ts'
import { outlineHost, outlinePlay, outlineTask } from './outline-documents.ts'
import { cursor, limit, querySchema, readParameters } from './parameters.ts'
import { likeness } from './query/patterns.ts'
import { type AskOptions, answerOf, documentOnly } from './routes.ts'

interface OfRun {
  Params: { id: string }
}

const ofPlays = { limit, cursor: cursor('plays of a run') }
const ofTasks = { limit, cursor: cursor('tasks of a run') }
const ofHosts = { host, limit, cursor: cursor('hosts of a run') }

/** GET /v1/runs/:id/plays, /tasks and /hosts: a run as whoever wrote the playbook knows it. */
export const outlineRoutes: FastifyPluginAsync<AskOptions> = async (app, { store, now = Date.now }) => {
  documentOnly(app)

  app.get<OfRun>('/v1/runs/:id/plays', { schema: playsSchema }, async ({ params, query, signal }) => {
    const { cursor: after, limit: items } = readParameters(ofPlays, query, now())
    const { plays } = await store.outline((await findRun(store, params.id, signal)).run.id, signal)
    return answerOf('plays of a run', pageAfter(plays, placeOfPlay, pageOfQuery(after, items)))
  })

  app.get<OfRun>('/v1/runs/:id/tasks', { schema: tasksSchema }, async ({ params, query, signal }) => {
    const { cursor: after, limit: items } = readParameters(ofTasks, query, now())
    const { tasks } = await store.outline((await findRun(store, params.id, signal)).run.id, signal)
    return answerOf('tasks of a run', pageAfter(tasks, placeOfTask, pageOfQuery(after, items)))
  })

  app.get<OfRun>('/v1/runs/:id/hosts', { schema: hostsSchema }, async ({ params, query, signal }) => {
    const { cursor: after, limit: items, host: name } = readParameters(ofHosts, query, now())
    const { hosts } = await store.outline((await findRun(store, params.id, signal)).run.id, signal)
    const isAsked = likeness(name)
    const found = hosts.filter((one) => isAsked(one.host.name))
    return answerOf('hosts of a run', pageAfter(found, placeOfHost, pageOfQuery(after, items)))
  })
}

function pageOfQuery(after: Position | undefined, items: number = limits.pageItemsDefault) {
  return { after, limit: items }
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
  querystring: querySchema(ofPlays),
  response: { 200: pageOf(outlinePlay), ...ofRunProblems }
}

const tasksSchema = {
  summary: 'Tasks of a run',
  description:
    'In the order in which they were started, as often as they were: a task runs again for each batch of a play, each flush of handlers, each turn of the loop of an include. `sequence` is `event.sequence` of the first event of it.',
  tags: ['ask'],
  params: runIdSchema,
  querystring: querySchema(ofTasks),
  response: { 200: pageOf(outlineTask), ...ofRunProblems }
}

const hostsSchema = {
  summary: 'Hosts of a run',
  description: 'By name: how its tasks ended on each host, and how long they took there.',
  tags: ['ask'],
  params: runIdSchema,
  querystring: querySchema(ofHosts),
  response: { 200: pageOf(outlineHost), ...ofRunProblems }
}
