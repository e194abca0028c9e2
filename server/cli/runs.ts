import type { Command } from 'commander'
import type { Client } from '../../client/client.ts'
import type { Run } from '../../client/types.ts'
import type { RunStatus } from '../index/store.ts'
import { answerList } from './answer-list.ts'
import { answering } from './answering.ts'
import { actorCell, durationCell, resultsCell, timeSpan } from './cells.ts'
import { filtersOf, type ListFlags, listCommand } from './list-options.ts'
import { shortId } from './run-id.ts'
import { statusFormat } from './style.ts'
import { processSurroundings, type Surroundings } from './surroundings.ts'
import type { Cell, Column, Span } from './table.ts'
import { nanosecondsBetween } from './time.ts'

const RUNS_DEFAULT = 20

const statuses = [
  'running',
  'success',
  'changed',
  'failed',
  'unreachable',
  'aborted'
] as const satisfies RunStatus[]

export const runColumns: readonly Column[] = [
  { title: 'STARTED' },
  { title: 'STATUS' },
  { title: 'PLAYBOOK', isFlexible: true },
  { title: 'USER', isFlexible: true },
  { title: 'WITH', isFlexible: true },
  { title: 'HOSTS', align: 'right' },
  { title: 'RESULTS', isFlexible: true },
  { title: 'DURATION', short: 'TOOK', align: 'right' },
  { title: 'ID' }
]

/** `playtrail runs`: who ran what, and how it ended; newest first. */
export function runsCommand(surroundings: Surroundings = processSurroundings()): Command {
  return listCommand({
    name: 'runs',
    description: 'list runs: who ran what, when, on how many hosts, and how it ended',
    example: [
      "playtrail runs -q 'NOT ansible.cli.check:true' --from 2026-10-01 --to 2026-11-01 --all",
      'all real runs in October; the ID is enough for: playtrail show ID'
    ],
    filters: ['playbook', 'host', 'user'],
    statuses,
    hasKinds: true,
    itemsDefault: RUNS_DEFAULT
  }).action((flags: ListFlags) =>
    answering(flags, surroundings, (client, paged) => listRuns(flags, client, paged))
  )
}

async function listRuns(flags: ListFlags, client: Client, surroundings: Surroundings): Promise<void> {
  const filters = filtersOf(flags)
  const isFiltered = Object.keys(filters).length > 0
  await answerList(client, { route: 'GET /v1/runs', path: {}, filters }, flags, surroundings, {
    columns: runColumns,
    rowsOf: (runs) => runRows(runs, surroundings.now()),
    nothingFound: isFiltered
      ? 'No runs match. Leave out a filter, or reach further back with --from; names may hold a *.'
      : 'No runs yet. Run a playbook with the callback enabled: `npm start` prints the lines for ansible.cfg.'
  })
}

export function runRows(runs: readonly Run[], now: Date): Cell[][] {
  const beginnings = Map.groupBy(runs, ({ run }) => shortId(run.id))
  return runs.map((run) => {
    const beginning = shortId(run.run.id)
    const isAlone = beginnings.get(beginning)?.length === 1
    return rowOf(run, isAlone ? beginning : run.run.id, now)
  })
}

function rowOf(run: Run, id: string, now: Date): Cell[] {
  const { status, reason, name = '' } = run.run
  // What a dry run calls changed was not changed: that must be seen at first sight, also where the name is cut.
  const playbook: Span[] = run.ansible?.cli?.check
    ? [
        { text: '', short: '(check) ', format: 'dim' },
        { text: name },
        { text: ' (check)', short: '', format: 'dim' }
      ]
    : [{ text: name }]
  return [
    [timeSpan(run.event.start, now)],
    [
      { text: status, format: statusFormat(status) },
      { text: reason === undefined ? '' : ` (${reason})`, short: '', format: 'dim' }
    ],
    playbook,
    actorCell(run),
    givenTo(run),
    String(run.ansible?.hosts?.total ?? ''),
    resultsCell(run.playtrail.results),
    durationOf(run, now),
    id
  ]
}

/** What it was given that makes it run in part, as Ansible takes it: `--tags web --limit web-*`. */
function givenTo({ ansible }: Run): string {
  const { tags = [], skip_tags = [], limit } = ansible?.cli ?? {}
  return [
    ...(tags.length === 0 ? [] : [`--tags ${tags.join(',')}`]),
    ...(skip_tags.length === 0 ? [] : [`--skip-tags ${skip_tags.join(',')}`]),
    ...(limit ? [`--limit ${limit}`] : [])
  ].join(' ')
}

function durationOf({ run, event }: Run, now: Date): Cell {
  if (event.duration !== undefined) return durationCell(event.duration)
  const start = new Date(event.start)
  if (run.status === 'running') return durationCell(nanosecondsBetween(start, now), ' …')
  return event.end === undefined ? '' : durationCell(nanosecondsBetween(start, new Date(event.end)))
}
