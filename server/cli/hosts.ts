import type { Command } from 'commander'
import type { Item } from '../../client/client.ts'
import { resultStatuses } from '../index/store.ts'
import { answerList } from './answer-list.ts'
import { answering } from './answering.ts'
import { resultsCell, seenCell } from './cells.ts'
import { filtersOf, type ListFlags, listCommand } from './list-options.ts'
import { processSurroundings, type Surroundings } from './surroundings.ts'
import type { Cell, Column } from './table.ts'

const HOSTS_DEFAULT = 50

const columns: readonly Column[] = [
  { title: 'HOST', isFlexible: true },
  { title: 'LAST RUN' },
  { title: 'LAST CHANGE' },
  { title: 'LAST FAILURE' },
  { title: 'RUNS', align: 'right' },
  { title: 'RESULTS', isFlexible: true }
]

/** `playtrail hosts`: the managed hosts, and who touched, changed and failed them last. */
export function hostsCommand(surroundings: Surroundings = processSurroundings()): Command {
  return listCommand({
    name: 'hosts',
    description: 'list managed hosts: when each was last touched, changed and failed, and by whom',
    example: ['playtrail hosts --sort -last_change --from now-7d', 'which hosts changed this week'],
    filters: ['playbook', 'host', 'user'],
    statuses: resultStatuses,
    sorts: ['name', '-last_run', '-last_change', '-failed'],
    itemsDefault: HOSTS_DEFAULT
  }).action((flags: ListFlags) =>
    answering(flags, surroundings, (client, paged) =>
      answerList(client, { route: 'GET /v1/hosts', path: {}, filters: filtersOf(flags) }, flags, paged, {
        columns,
        rowsOf: (hosts) => hosts.map((host) => rowOf(host, surroundings.now())),
        nothingFound: 'No hosts match. Leave out a filter, or reach further back with --from.'
      })
    )
  )
}

function rowOf(summary: Item<'GET /v1/hosts'>, now: Date): Cell[] {
  return [
    summary.host.name,
    seenCell(summary.last_run, now),
    seenCell(summary.last_change, now),
    seenCell(summary.last_failure, now),
    String(summary.runs),
    resultsCell(summary.results)
  ]
}
