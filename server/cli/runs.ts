import type { Command } from 'commander'
import type { ResultStatus, Run, RunStatus } from '../index/store.ts'
import { createClient } from './client.ts'
import { readConnection } from './connection.ts'
import { filtersOf, itemsMaxOf, type ListOptions, listCommand } from './list-options.ts'
import { printList } from './print-list.ts'
import { statusFormat } from './style.ts'
import { processSurroundings, type Surroundings } from './surroundings.ts'
import type { Cell, Column, Span } from './table.ts'
import { durationBetween, durationText, relativeTime } from './time.ts'
import { actorOf } from './words.ts'

const RUNS_DEFAULT = 20
/** The part of a UUIDv7 that is its time: enough to tell runs apart unless they start within a millisecond. */
const SHORT_ID_CHARACTERS = 13

const statuses = [
  'running',
  'success',
  'changed',
  'failed',
  'unreachable',
  'aborted'
] as const satisfies RunStatus[]
const resultStatuses: readonly ResultStatus[] = ['ok', 'changed', 'failed', 'unreachable', 'skipped']

const columns: readonly Column[] = [
  { title: 'STARTED' },
  { title: 'STATUS' },
  { title: 'PLAYBOOK', isFlexible: true },
  { title: 'USER', isFlexible: true },
  { title: 'HOSTS', align: 'right' },
  { title: 'RESULTS', isFlexible: true },
  { title: 'DURATION', align: 'right' },
  { title: 'ID' }
]

/** `playtrail runs`: who ran what, and how it ended; newest first. */
export function runsCommand(surroundings: Surroundings = processSurroundings()): Command {
  return listCommand('runs', statuses, RUNS_DEFAULT)
    .description('list runs: who ran what, when, on how many hosts, and how it ended')
    .addHelpText('after', '\nThe ID is enough for: playtrail show ID')
    .action((options: ListOptions) => listRuns(options, surroundings))
}

async function listRuns(options: ListOptions, surroundings: Surroundings): Promise<void> {
  const client = createClient(readConnection(options.url, surroundings.env))
  const filters = filtersOf(options)
  const isFiltered = Object.values(filters).some((filter) => filter !== undefined)
  await printList(client.runs(filters, itemsMaxOf(options)), surroundings, {
    isJson: options.json === true,
    columns,
    rowsOf: (runs) => rowsOf(runs, surroundings.now()),
    nothingFound: isFiltered
      ? 'No runs match. Leave out a filter, or reach further back with --from; names may hold a *.'
      : 'No runs yet. Run a playbook with the callback enabled: `npm start` prints the lines for ansible.cfg.'
  })
}

function rowsOf(runs: readonly Run[], now: Date): Cell[][] {
  const beginnings = Map.groupBy(runs, ({ run }) => run.id.slice(0, SHORT_ID_CHARACTERS))
  return runs.map((run) => {
    const beginning = run.run.id.slice(0, SHORT_ID_CHARACTERS)
    const isAlone = beginnings.get(beginning)?.length === 1
    return rowOf(run, isAlone ? beginning : run.run.id, now)
  })
}

function rowOf(run: Run, id: string, now: Date): Cell[] {
  const { status, reason, name = '' } = run.run
  const playbook: Span[] = [{ text: name }]
  // What a dry run calls changed was not changed: that must be seen at first sight.
  if (run.ansible?.cli?.check) playbook.push({ text: ' (check)', format: 'dim' })
  return [
    relativeTime(new Date(run.event.start), now),
    [
      { text: status, format: statusFormat(status) },
      { text: reason === undefined ? '' : ` (${reason})`, format: 'dim' }
    ],
    playbook,
    actorOf(run),
    String(run.ansible?.hosts?.total ?? ''),
    resultsCell(run.playtrail.results),
    durationOf(run, now),
    id
  ]
}

/** For example `ok 12 · changed 3 · failed 1`. */
function resultsCell(results: Run['playtrail']['results']): Cell {
  return resultStatuses
    .filter((status) => results[status] > 0)
    .flatMap((status, index) => [
      { text: index === 0 ? '' : ' · ' },
      { text: `${status} ${results[status]}`, format: statusFormat(status) }
    ])
}

function durationOf({ run, event }: Run, now: Date): string {
  if (event.duration !== undefined) return durationText(event.duration)
  if (run.status === 'running') return `${durationBetween(new Date(event.start), now)} …`
  return event.end === undefined ? '' : durationBetween(new Date(event.start), new Date(event.end))
}
