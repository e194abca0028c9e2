import type { FastifyPluginAsync } from 'fastify'
import { type Cell, cellsOfHost, type Outline, type OutlineCells } from '../index/outline.ts'
import type { ResultStatus } from '../index/store.ts'
import { limits } from '../limits.ts'
import { encodeCursor } from './cursors.ts'
import { count, pageOf } from './documents.ts'
import { host } from './filters.ts'
import { findRun, runIdSchema } from './find-run.ts'
import { type OutlineOptions, ofRunProblems } from './outline.ts'
import { matrixRow, matrixTask } from './outline-documents.ts'
import { cursor, querySchema, readParameters, wholeNumber } from './parameters.ts'
import { likeness } from './query/patterns.ts'
import { documentOnly } from './routes.ts'

const parameters = {
  host,
  tasks_from: wholeNumber('`number` of the first task that is answered.', {
    min: 0,
    max: limits.outlineResultsMax,
    fallback: 0
  }),
  tasks_limit: wholeNumber('Tasks that are answered, at most.', {
    min: 1,
    max: limits.matrixTasksMax,
    fallback: limits.matrixTasksDefault
  }),
  limit: wholeNumber(
    'Hosts of the page, at most. A page with many results may be shorter although more follow.',
    {
      min: 1,
      max: limits.pageItemsMax,
      fallback: limits.pageItemsDefault
    }
  ),
  cursor: cursor('matrix')
}

interface Row {
  host: { name: string }
  status?: ResultStatus
  results: Omit<Cell, 'host'>[]
}

/** GET /v1/runs/:id/matrix: how each task ended on each host, hosts by tasks, without what it said. */
export const matrixRoute: FastifyPluginAsync<OutlineOptions> = async (app, options) => {
  const { store, outlines, now = Date.now } = options
  documentOnly(app)

  app.get<{ Params: { id: string } }>(
    '/v1/runs/:id/matrix',
    { schema },
    async ({ params, query, signal }) => {
      const given = readParameters(parameters, query, now())
      const { tasks_from: from = 0, tasks_limit: tasksMax = limits.matrixTasksDefault } = given
      const outline = await outlines.of(await findRun(store, params.id, signal), signal)
      const tasks = outline.tasks.slice(from, from + tasksMax).map(({ sequence, ansible: { task } }, at) => ({
        number: from + at,
        sequence,
        ansible: { task }
      }))
      const rows = rowsOf(outline, { from, to: from + tasksMax }, given)
      return { tasks, tasks_total: outline.tasks.length, ...rows }
    }
  )
}

/** Hosts behind the cursor with their results of the tasks; the page ends early where these are many. */
function rowsOf(
  { hosts, cells }: Outline,
  tasks: { from: number; to: number },
  asked: { host?: string; cursor?: readonly (string | number)[]; limit?: number }
): { items: Row[]; next: string | null } {
  const isAsked = likeness(asked.host)
  const [after = ''] = asked.cursor ?? []
  const items: Row[] = []
  let results = 0
  for (const [
    at,
    {
      host: { name },
      status
    }
  ] of hosts.entries()) {
    if ((asked.cursor !== undefined && name <= String(after)) || !isAsked(name)) continue
    const last = items.at(-1)
    const isFull = items.length === (asked.limit ?? limits.pageItemsDefault)
    if (last !== undefined && (isFull || results >= limits.matrixResultsMax))
      return { items, next: encodeCursor('matrix', [last.host.name]) }
    const row = rowOf(cells, at, tasks)
    results += row.length
    items.push({ host: { name }, ...(status !== undefined && { status }), results: row })
  }
  return { items, next: null }
}

function rowOf(
  cells: OutlineCells,
  host: number,
  { from, to }: { from: number; to: number }
): Omit<Cell, 'host'>[] {
  const row: Omit<Cell, 'host'>[] = []
  for (const { host: _host, ...cell } of cellsOfHost(cells, host)) {
    if (cell.task >= from && cell.task < to) row.push(cell)
  }
  return row
}

const page = pageOf(matrixRow)
const schema = {
  summary: 'A run as a matrix of hosts and tasks',
  description:
    'Pages go by hosts, and `tasks_from` and `tasks_limit` choose the tasks. A result stands under its host with the `number` of its task; where there is none, the task never ended on the host. `/v1/events?run=…&q=event.sequence:…` has all of a result.',
  tags: ['ask'],
  params: runIdSchema,
  querystring: querySchema(parameters),
  response: {
    200: {
      ...page,
      properties: {
        tasks: { type: 'array', items: matrixTask },
        tasks_total: { ...count, description: 'Tasks of the run.' },
        ...page.properties
      },
      required: ['tasks', 'tasks_total', ...(page.required ?? [])]
    },
    ...ofRunProblems
  }
}
