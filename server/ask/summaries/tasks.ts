import type { FastifyPluginAsync } from 'fastify'
import { Problem } from '../../errors.ts'
import type { TaskSummary } from '../../index/summaries.ts'
import { problem } from '../documents.ts'
import { filterOf, from, host, playbook, resultStatus, to, user } from '../filters.ts'
import { invalid, query, querySchema, readParameters } from '../parameters.ts'
import { type AskOptions, documentOnly } from '../routes.ts'
import { taskSummary } from './documents.ts'
import { examples } from './examples.ts'
import { summedRoute } from './lists.ts'
import { refusals } from './refusals.ts'

const KEY = /^[0-9a-f]{40}$/

const list = summedRoute(
  {
    list: 'tasks',
    item: taskSummary,
    columns: [
      'ansible.task.key',
      'ansible.task.name',
      'ansible.task.action',
      'ansible.task.role',
      'results',
      'flaky',
      'failure_rate',
      'change_rate',
      'flake_rate',
      'duration',
      'last_result'
    ],
    nameOf: ({ ansible }: TaskSummary) => ansible.task.key,
    sorts: {
      '-failure_rate': (item) => item.failure_rate,
      '-change_rate': (item) => item.change_rate,
      '-flake_rate': (item) => item.flake_rate,
      '-duration': (item) => item.duration?.p95,
      '-results': ({ results }) => Object.values(results).reduce((sum, count) => sum + count, 0),
      key: () => 0
    },
    order:
      'The greatest failure, change or flake rate, the longest duration (p95) or the most results first, or by key.'
  },
  examples.tasks
)

const ofOne = { q: query('events'), playbook, host, user, status: resultStatus, from, to }
const ofList = { ...ofOne, ...list.parameters }

/** GET /v1/tasks and /v1/tasks/:key: how often a task failed, changed something, succeeded late, and how long it took. */
export const tasksRoutes: FastifyPluginAsync<AskOptions> = async (app, { store, now = Date.now }) => {
  documentOnly(app)

  app.get('/v1/tasks', { schema: listSchema }, async (request, reply) => {
    const { sort, fields, limit, cursor, ...filters } = readParameters(ofList, request.query, now())
    return list.answer(request, reply, { sort, fields, limit, cursor }, () =>
      store.tasks(filterOf(filters), request.signal)
    )
  })

  app.get<{ Params: { key: string } }>('/v1/tasks/:key', { schema: oneSchema }, async (request) => {
    const filters = readParameters(ofOne, request.query, now())
    const taskKey = request.params.key.toLowerCase()
    if (!KEY.test(taskKey))
      throw invalid('key', 'the ansible.task.key of a task, 40 hexadecimal digits', taskKey.slice(0, 100))
    const [task] = await store.tasks({ ...filterOf(filters), taskKey }, request.signal)
    if (task !== undefined) return task
    throw new Problem(
      'task_not_found',
      `No result of the task ${taskKey} is indexed that passes the filter. GET /v1/tasks lists the tasks.`
    )
  })
}

const listSchema = {
  summary: 'Tasks',
  description:
    'Results by `ansible.task.key`, which is the same for the same task in every run: how they ended, how long they took, and both week by week. The filters choose the results that are summed up; `from` and `to` mean their time.',
  tags: ['ask'],
  querystring: querySchema(ofList),
  response: { ...list.response, ...refusals }
}

const oneSchema = {
  summary: 'One task',
  description: 'What `/v1/tasks` has of it.',
  tags: ['ask'],
  params: {
    type: 'object',
    required: ['key'],
    properties: {
      key: {
        type: 'string',
        description: '`ansible.task.key`.',
        pattern: '^[0-9A-Fa-f]{40}$',
        examples: [examples.task.ansible.task.key]
      }
    }
  },
  querystring: querySchema(ofOne),
  response: {
    200: { ...taskSummary, examples: [examples.task] },
    ...refusals,
    404: problem('`task_not_found`')
  }
}
