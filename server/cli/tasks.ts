import type { Command } from 'commander'
import type { Client, Filters, Item } from '../../client/client.ts'
import { resultStatuses } from '../index/store.ts'
import { answerList } from './answer-list.ts'
import { answering } from './answering.ts'
import { durationCell, rateCell, seenCell, sumOf } from './cells.ts'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { filtersOf, itemsMaxOf, type ListFlags, listCommand } from './list-options.ts'
import { type Portion, printList } from './print-list.ts'
import { processSurroundings, type Surroundings } from './surroundings.ts'
import type { Cell, Column } from './table.ts'
import { trendCell, trendHelp, trendOf } from './trend.ts'
import { taskTitle } from './words.ts'

const TASKS_DEFAULT = 20
/** A sort that the command line does itself, since the server sorts by nothing that two weeks are needed for. */
const BY_TREND = '-trend'

type Task = Item<'GET /v1/tasks'>

const columns: readonly Column[] = [
  { title: 'TASK', isFlexible: true },
  { title: 'RESULTS', align: 'right' },
  { title: 'FAILED', align: 'right' },
  { title: 'CHANGED', align: 'right' },
  { title: 'FLAKY', align: 'right' },
  { title: 'P50', align: 'right' },
  { title: 'P95', align: 'right' },
  { title: 'TREND' },
  { title: 'LAST RESULT' }
]

/** `playtrail tasks`: which got slow, which fail, change or succeed only when tried again. */
export function tasksCommand(surroundings: Surroundings = processSurroundings()): Command {
  return listCommand({
    name: 'tasks',
    description: 'list tasks: how often each fails, changes something and is flaky, how long it takes',
    example: [
      'playtrail tasks --sort -trend --from now-60d',
      'which got slow; --sort -flake_rate: which succeed only when they are tried again'
    ],
    filters: ['playbook', 'host', 'user'],
    statuses: resultStatuses,
    sorts: ['-duration', BY_TREND, '-failure_rate', '-change_rate', '-flake_rate', '-results', 'key'],
    itemsDefault: TASKS_DEFAULT
  })
    .addHelpText(
      'after',
      `${trendHelp}\n--sort ${BY_TREND} puts first what takes the most time more than before.`
    )
    .action((flags: ListFlags) =>
      answering(flags, surroundings, (client, paged) => listTasks(flags, client, paged))
    )
}

async function listTasks(flags: ListFlags, client: Client, surroundings: Surroundings): Promise<void> {
  const filters = filtersOf(flags)
  const form = {
    columns,
    rowsOf: (tasks: readonly Task[]) => tasks.map((task) => rowOf(task, surroundings.now())),
    nothingFound: 'No tasks match. Leave out a filter, or reach further back with --from.'
  }
  if (flags.sort !== BY_TREND) {
    await answerList(client, { route: 'GET /v1/tasks', path: {}, filters }, flags, surroundings, form)
    return
  }
  if (flags.csv)
    throw new Failure(
      exitCodes.usage,
      `--csv is what the server makes, which cannot sort by ${BY_TREND}.`,
      'Choose another --sort, or --json.'
    )
  const { sort: _, ...rest } = filters
  const portions = byTrend(client, rest, itemsMaxOf(flags))
  await printList(portions, surroundings, { ...form, isJson: flags.json === true })
}

/** All tasks are asked for: what got slow may be anywhere among them. Those without a trend keep their order. */
async function* byTrend(
  client: Client,
  filters: Filters<'GET /v1/tasks'>,
  itemsMax: number
): AsyncGenerator<Portion<Task>, void, undefined> {
  const tasks: { task: Task; lost: number }[] = []
  let behind = 0
  for await (const { items, lag } of client.tasks(filters)) {
    for (const task of items) tasks.push({ task, lost: trendOf(task.weeks)?.lost ?? -Number.MAX_VALUE })
    behind = Math.max(behind, lag)
  }
  const sorted = tasks.sort((one, other) => other.lost - one.lost)
  const items = sorted.slice(0, itemsMax).map(({ task }) => task)
  yield { items, hasMore: items.length < tasks.length, lag: behind }
}

function rowOf(summary: Task, now: Date): Cell[] {
  const { task } = summary.ansible
  const { duration } = summary
  return [
    taskTitle({ ...task, name: task.name ?? task.action ?? task.key }),
    String(sumOf(summary.results)),
    rateCell(summary.failure_rate, 'red'),
    rateCell(summary.change_rate, 'yellow'),
    rateCell(summary.flake_rate, 'magenta'),
    durationCell(duration?.p50),
    durationCell(duration?.p95),
    trendCell(trendOf(summary.weeks)),
    seenCell(summary.last_result, now)
  ]
}
