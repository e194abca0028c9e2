import type { FastifyPluginAsync } from 'fastify'
import type { PlaybookSummary, UserSummary } from '../../index/summaries.ts'
import { pageOf as pageSchema } from '../documents.ts'
import { from, host, playbookOrPath, runStatus, to, user } from '../filters.ts'
import { query, querySchema, readParameters } from '../parameters.ts'
import { type AskOptions, documentOnly } from '../routes.ts'
import { playbookSummary, userSummary } from './documents.ts'
import { examples } from './examples.ts'
import { filterOf, pageOf, pageParameters, type SummedList } from './lists.ts'
import { refusals } from './refusals.ts'

type Runs = PlaybookSummary['runs']
const sum = (runs: Runs): number => Object.values(runs).reduce((total, count) => total + count, 0)

const playbooks = {
  list: 'playbooks',
  nameOf: (item: PlaybookSummary) => item.run.name,
  sorts: {
    name: () => 0,
    '-runs': (item: PlaybookSummary) => sum(item.runs),
    '-failure_rate': (item: PlaybookSummary) => item.failure_rate,
    '-duration': (item: PlaybookSummary) => item.duration?.p95
  }
} satisfies SummedList<PlaybookSummary, string>

const users = {
  list: 'users',
  nameOf: (item: UserSummary) => item.user.name,
  sorts: {
    name: () => 0,
    '-runs': (item: UserSummary) => sum(item.runs),
    '-failure_rate': (item: UserSummary) => item.failure_rate,
    '-last_run': (item: UserSummary) => Date.parse(item.last_run['@timestamp'])
  }
} satisfies SummedList<UserSummary, string>

const filters = { q: query('runs'), playbook: playbookOrPath, host, user, status: runStatus, from, to }
const ofPlaybooks = {
  ...filters,
  ...pageParameters(playbooks, 'By name, or the most runs, most failures or longest runs (p95) first.')
}
const ofUsers = {
  ...filters,
  ...pageParameters(users, 'By name, or the most runs, most failures or latest run first.')
}

/** GET /v1/playbooks and /v1/users: runs by what was run, and by who ran it. */
export const playbooksRoutes: FastifyPluginAsync<AskOptions> = async (app, { store, now = Date.now }) => {
  documentOnly(app)

  app.get('/v1/playbooks', { schema: playbooksSchema }, async (request) => {
    const { sort, limit, cursor, ...asked } = readParameters(ofPlaybooks, request.query, now())
    const page = pageOf(playbooks, { sort, limit, cursor })
    return page(await store.playbooks(filterOf(asked), request.signal))
  })

  app.get('/v1/users', { schema: usersSchema }, async (request) => {
    const { sort, limit, cursor, ...asked } = readParameters(ofUsers, request.query, now())
    const page = pageOf(users, { sort, limit, cursor })
    return page(await store.users(filterOf(asked), request.signal))
  })
}

const playbooksSchema = {
  summary: 'Playbooks',
  description:
    'Runs by `run.name`: how they ended, how long they took, and both week by week. The filters choose the runs that are summed up; `from` and `to` mean the time of their start.',
  tags: ['ask'],
  querystring: querySchema(ofPlaybooks),
  response: { 200: { ...pageSchema(playbookSummary), examples: [examples.playbooks] }, ...refusals }
}

const usersSchema = {
  summary: 'Users',
  description:
    'Runs by `user.name`: how they ended, how many playbooks there were, and which run came last. The filters choose the runs that are summed up; `from` and `to` mean the time of their start.',
  tags: ['ask'],
  querystring: querySchema(ofUsers),
  response: { 200: { ...pageSchema(userSummary), examples: [examples.users] }, ...refusals }
}
