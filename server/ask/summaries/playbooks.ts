import type { FastifyPluginAsync } from 'fastify'
import type { PlaybookSummary, UserSummary } from '../../index/summaries.ts'
import { from, host, playbookOrPath, runFilterOf, runKind, runStatus, to, user } from '../filters.ts'
import { query, querySchema, readParameters } from '../parameters.ts'
import { type AskOptions, documentOnly } from '../routes.ts'
import { playbookSummary, userSummary } from './documents.ts'
import { examples } from './examples.ts'
import { summedRoute } from './lists.ts'
import { refusals } from './refusals.ts'

type Runs = PlaybookSummary['runs']
const sum = (runs: Runs): number => Object.values(runs).reduce((total, count) => total + count, 0)

const playbooks = summedRoute(
  {
    list: 'playbooks',
    item: playbookSummary,
    columns: ['run.name', 'runs', 'failure_rate', 'duration', 'last_run', 'last_success'],
    nameOf: (item: PlaybookSummary) => item.run.name,
    sorts: {
      name: () => 0,
      '-runs': (item) => sum(item.runs),
      '-failure_rate': (item) => item.failure_rate,
      '-duration': (item) => item.duration?.p95
    },
    order: 'By name, or the most runs, most failures or longest runs (p95) first.'
  },
  examples.playbooks
)

const users = summedRoute(
  {
    list: 'users',
    item: userSummary,
    columns: ['user.name', 'runs', 'failure_rate', 'playbooks', 'last_run'],
    nameOf: (item: UserSummary) => item.user.name,
    sorts: {
      name: () => 0,
      '-runs': (item) => sum(item.runs),
      '-failure_rate': (item) => item.failure_rate,
      '-last_run': (item) => Date.parse(item.last_run['@timestamp'])
    },
    order: 'By name, or the most runs, most failures or latest run first.'
  },
  examples.users
)

const filters = {
  ...{ q: query('runs'), playbook: playbookOrPath, host, user },
  ...{ status: runStatus, kind: runKind, from, to }
}
const ofPlaybooks = { ...filters, ...playbooks.parameters }
const ofUsers = { ...filters, ...users.parameters }

/** GET /v1/playbooks and /v1/users: runs by what was run, and by who ran it. */
export const playbooksRoutes: FastifyPluginAsync<AskOptions> = async (app, { store, now = Date.now }) => {
  documentOnly(app)

  app.get('/v1/playbooks', { schema: playbooksSchema }, async (request, reply) => {
    const { sort, fields, limit, cursor, ...asked } = readParameters(ofPlaybooks, request.query, now())
    return playbooks.answer(request, reply, { sort, fields, limit, cursor }, () =>
      store.playbooks(runFilterOf(asked), request.signal)
    )
  })

  app.get('/v1/users', { schema: usersSchema }, async (request, reply) => {
    const { sort, fields, limit, cursor, ...asked } = readParameters(ofUsers, request.query, now())
    return users.answer(request, reply, { sort, fields, limit, cursor }, () =>
      store.users(runFilterOf(asked), request.signal)
    )
  })
}

const playbooksSchema = {
  summary: 'Playbooks',
  description:
    'Runs by `run.name`: how they ended, how long they took, and both week by week. The filters choose the runs that are summed up; `from` and `to` mean the time of their start.',
  tags: ['ask'],
  querystring: querySchema(ofPlaybooks),
  response: { ...playbooks.response, ...refusals }
}

const usersSchema = {
  summary: 'Users',
  description:
    'Runs by `user.name`: how they ended, how many playbooks there were, and which run came last. The filters choose the runs that are summed up; `from` and `to` mean the time of their start.',
  tags: ['ask'],
  querystring: querySchema(ofUsers),
  response: { ...users.response, ...refusals }
}
