import type { Command } from 'commander'
import type { Item } from '../../client/client.ts'
import { runStatuses } from '../index/store.ts'
import { answerList } from './answer-list.ts'
import { answering } from './answering.ts'
import { durationCell, failedRunsCell, seenCell, statusSpan, sumOf, timeSpan } from './cells.ts'
import { filtersOf, type ListFlags, listCommand } from './list-options.ts'
import { processSurroundings, type Surroundings } from './surroundings.ts'
import type { Cell, Column } from './table.ts'
import { trendCell, trendHelp, trendOf } from './trend.ts'

const PLAYBOOKS_DEFAULT = 20

const columns: readonly Column[] = [
  { title: 'PLAYBOOK', isFlexible: true },
  { title: 'RUNS', align: 'right' },
  { title: 'FAILED', align: 'right' },
  { title: 'LAST RUN' },
  { title: 'LAST SUCCESS' },
  { title: 'P50', align: 'right' },
  { title: 'P95', align: 'right' },
  { title: 'TREND' }
]

/** `playtrail playbooks`: which fail most, and how long they take. */
export function playbooksCommand(surroundings: Surroundings = processSurroundings()): Command {
  return listCommand({
    name: 'playbooks',
    description: 'list playbooks: how often each ran and failed, its last success, how long it takes',
    example: ['playtrail playbooks --from now-30d', 'which fail most, of those that ran within 30 days'],
    filters: ['playbook', 'host', 'user'],
    statuses: runStatuses,
    sorts: ['-failure_rate', '-runs', '-duration', 'name'],
    hasKinds: true,
    itemsDefault: PLAYBOOKS_DEFAULT
  })
    .addHelpText('after', trendHelp)
    .action((flags: ListFlags) =>
      answering(flags, surroundings, (client, paged) =>
        answerList(
          client,
          { route: 'GET /v1/playbooks', path: {}, filters: filtersOf(flags) },
          flags,
          paged,
          {
            columns,
            rowsOf: (playbooks) => playbooks.map((playbook) => rowOf(playbook, surroundings.now())),
            nothingFound: 'No playbooks match. Leave out a filter, or reach further back with --from.'
          }
        )
      )
    )
}

function rowOf(summary: Item<'GET /v1/playbooks'>, now: Date): Cell[] {
  const { last_run, last_success, duration } = summary
  return [
    summary.run.name,
    String(sumOf(summary.runs)),
    failedRunsCell(summary.runs, summary.failure_rate),
    [timeSpan(last_run['@timestamp'], now), { text: ' ' }, statusSpan(last_run.run.status)],
    seenCell(last_success, now),
    durationCell(duration?.p50),
    durationCell(duration?.p95),
    trendCell(trendOf(summary.weeks))
  ]
}
