import type { Command } from 'commander'
import type { Item } from '../../client/client.ts'
import { runStatuses } from '../index/store.ts'
import { answerList } from './answer-list.ts'
import { answering } from './answering.ts'
import { failedRunsCell, statusSpan, sumOf, timeSpan } from './cells.ts'
import { filtersOf, type ListFlags, listCommand } from './list-options.ts'
import { processSurroundings, type Surroundings } from './surroundings.ts'
import type { Cell, Column } from './table.ts'

const USERS_DEFAULT = 20

const columns: readonly Column[] = [
  { title: 'USER', isFlexible: true },
  { title: 'RUNS', align: 'right' },
  { title: 'FAILED', align: 'right' },
  { title: 'PLAYBOOKS', align: 'right' },
  { title: 'LAST RUN' },
  { title: 'OF', isFlexible: true }
]

/** `playtrail users`: who ran how much, and how it ended. */
export function usersCommand(surroundings: Surroundings = processSurroundings()): Command {
  return listCommand({
    name: 'users',
    description: 'list users: how much each ran, how much of it failed, and the last run',
    example: [
      "playtrail users -q 'host:db-*' --from now-30d",
      'who ran anything on the databases this month'
    ],
    filters: ['playbook', 'host', 'user'],
    statuses: runStatuses,
    sorts: ['-runs', '-failure_rate', '-last_run', 'name'],
    hasKinds: true,
    itemsDefault: USERS_DEFAULT
  }).action((flags: ListFlags) =>
    answering(flags, surroundings, (client, paged) =>
      answerList(client, { route: 'GET /v1/users', path: {}, filters: filtersOf(flags) }, flags, paged, {
        columns,
        rowsOf: (users) => users.map((user) => rowOf(user, surroundings.now())),
        nothingFound: 'No users match. Leave out a filter, or reach further back with --from.'
      })
    )
  )
}

function rowOf({ user, runs, failure_rate, playbooks, last_run }: Item<'GET /v1/users'>, now: Date): Cell[] {
  return [
    user.name,
    String(sumOf(runs)),
    failedRunsCell(runs, failure_rate),
    String(playbooks),
    [timeSpan(last_run['@timestamp'], now), { text: ' ' }, statusSpan(last_run.run.status)],
    last_run.run.name ?? ''
  ]
}
