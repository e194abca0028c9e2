import type { FastifyPluginAsync } from 'fastify'
import { Problem } from '../../errors.ts'
import { microsecondsOf } from '../../index/columns.ts'
import type { Run, Store } from '../../index/store.ts'
import type { HostSummary, LastSeen } from '../../index/summaries.ts'
import { problem } from '../documents.ts'
import {
  filterOf,
  from,
  host,
  playbook,
  playbookOrPath,
  resultStatus,
  runStatus,
  to,
  user
} from '../filters.ts'
import { listRoute } from '../list.ts'
import { query, querySchema, readParameters } from '../parameters.ts'
import { type AskOptions, documentOnly } from '../routes.ts'
import { hostDocument, hostRun, hostSummary } from './documents.ts'
import { examples } from './examples.ts'
import { summedRoute, withExample } from './lists.ts'
import { refusals } from './refusals.ts'

const time = (seen: LastSeen | undefined): number | undefined => microsecondsOf(seen?.['@timestamp'])

const list = summedRoute(
  {
    list: 'hosts',
    item: hostSummary,
    columns: ['host.name', 'results', 'runs', 'last_run', 'last_change', 'last_failure'],
    nameOf: (item: HostSummary) => item.host.name,
    sorts: {
      name: () => 0,
      '-last_run': (item) => time(item.last_run),
      '-last_change': (item) => time(item.last_change),
      '-failed': ({ results }) => results.failed + results.unreachable
    },
    order: 'By name, or the latest run or change, or the most failed and unreachable results first.'
  },
  examples.hosts
)
const runs = listRoute({
  list: 'runs of a host',
  item: hostRun,
  columns: ['run.id', 'run.name', 'run.status', 'event.start', 'user.name', 'host.name', 'results']
})

const ofOne = { q: query('events'), playbook, user, status: resultStatus, from, to }
const ofList = { ...ofOne, host, ...list.parameters }
const ofRuns = {
  ...{ q: query('runs'), playbook: playbookOrPath, user, status: runStatus, from, to },
  ...runs.parameters
}

/** GET /v1/hosts, /v1/hosts/:name and /v1/hosts/:name/runs: what was done to a managed host, and by whom. */
export const hostsRoutes: FastifyPluginAsync<AskOptions> = async (app, { store, now = Date.now }) => {
  documentOnly(app)

  app.get('/v1/hosts', { schema: listSchema }, async (request, reply) => {
    const given = readParameters(ofList, request.query, now())
    const { sort, fields, limit, cursor, ...filters } = given
    return list.answer(request, reply, { sort, fields, limit, cursor }, () =>
      store.hosts(filterOf(filters), request.signal)
    )
  })

  app.get<{ Params: { name: string } }>('/v1/hosts/:name', { schema: oneSchema }, async (request) => {
    const filters = readParameters(ofOne, request.query, now())
    const { name } = request.params
    const hosts = await store.hosts({ ...filterOf(filters), host: name }, request.signal)
    // `*` in a filter stands for any characters.
    const found = hosts.find((each) => each.host.name === name)
    if (found === undefined)
      throw hostNotFound(name, { isFiltered: Object.values(filters).some((value) => value !== undefined) })
    return withDocuments(store, found, request.signal)
  })

  app.get<{ Params: { name: string } }>(
    '/v1/hosts/:name/runs',
    { schema: runsSchema },
    async (request, reply) => {
      const { fields, limit, cursor, ...filters } = readParameters(ofRuns, request.query, now())
      const { name } = request.params
      const asked = { ...filterOf(filters), host: name }
      return runs.answer(request, reply, { fields, limit, cursor }, async (part) => {
        const page = await store.hostRuns({ ...asked, ...part }, request.signal)
        if (page.items.length === 0) await checkHost(store, name, request.signal)
        return page
      })
    }
  )
}

/** Throws Problem if there is no run on the host at all. */
async function checkHost(store: Pick<Store, 'hostRuns'>, name: string, signal: AbortSignal): Promise<void> {
  const { items } = await store.hostRuns({ host: name, limit: 1 }, signal)
  if (items.length === 0) throw hostNotFound(name, { isFiltered: false })
}

/** With the runs in which it was touched last: who did it, with which tags and limit. */
async function withDocuments(
  store: Pick<Store, 'runs'>,
  summary: HostSummary,
  signal: AbortSignal
): Promise<object> {
  const { last_run, last_change, last_failure } = summary
  const ids = new Set([last_run, last_change, last_failure].flatMap((seen) => seen?.run?.id ?? []))
  const pages = await Promise.all([...ids].map((id) => store.runs({ id, limit: 1 }, signal)))
  const runs = new Map(pages.flatMap(({ items }) => items).map((run) => [run.run.id, run]))
  const documented = (seen: LastSeen): LastSeen & { document?: Run } => {
    const document = runs.get(seen.run?.id ?? '')
    return { ...seen, ...(document && { document }) }
  }
  return {
    ...summary,
    last_run: documented(last_run),
    ...(last_change && { last_change: documented(last_change) }),
    ...(last_failure && { last_failure: documented(last_failure) })
  }
}

function hostNotFound(name: string, { isFiltered }: { isFiltered: boolean }): Problem {
  const called = `No result of a host called "${name.slice(0, 100)}" is indexed`
  return new Problem(
    'host_not_found',
    isFiltered ? `${called} that passes the filter.` : `${called}. One exact name is taken here.`
  )
}

const params = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', description: 'Name of the managed host.', examples: ['web-07'] } }
}

const listSchema = {
  summary: 'Managed hosts',
  description:
    'How tasks ended on each host, and when it was last touched, changed and failed; `status` and the other filters choose the results that are summed up. `from` and `to` mean the time of the results.',
  tags: ['ask'],
  querystring: querySchema(ofList),
  response: { ...list.response, ...refusals }
}

const oneSchema = {
  summary: 'One host',
  description:
    'What `/v1/hosts` has of it, and the runs that it was last touched, changed and failed by, whole: who ran them, with which tags and limit.',
  tags: ['ask'],
  params,
  querystring: querySchema(ofOne),
  response: {
    200: { ...hostDocument, examples: [examples.host] },
    ...refusals,
    404: problem('`host_not_found`')
  }
}

const runsSchema = {
  summary: 'Runs on a host, newest first',
  description:
    'The runs with a result on the host, with the results there. Sorted by `run.id`, whose beginning is the time of the start; `from` and `to` mean that time.',
  tags: ['ask'],
  params,
  querystring: querySchema(ofRuns),
  response: {
    ...withExample(runs.response, examples.hostRuns),
    ...refusals,
    404: problem('`host_not_found`')
  }
}
