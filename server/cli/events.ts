import { type Command, Option } from 'commander'
import type { Event } from '../event-types.ts'
import type { IndexedEvent, ResultStatus, RunStatus } from '../index/store.ts'
import { createClient } from './client.ts'
import { readConnection } from './connection.ts'
import { findRun, runNames } from './find-run.ts'
import { filtersOf, itemsMaxOf, type ListOptions, listCommand } from './list-options.ts'
import { printList } from './print-list.ts'
import { statusFormat } from './style.ts'
import { processSurroundings, type Surroundings } from './surroundings.ts'
import type { Cell, Column } from './table.ts'
import { localIso } from './time.ts'
import { whatHappened } from './what-happened.ts'
import { actorOf } from './words.ts'

const EVENTS_DEFAULT = 50

// Records, so that the compiler sees to it that none is missing.
const actions: Record<Event['event']['action'], true> = {
  'run.started': true,
  'play.started': true,
  'play.no_hosts': true,
  'task.started': true,
  'tasks.included': true,
  'host.result': true,
  'item.result': true,
  'host.retry': true,
  'handler.notified': true,
  'host.finished': true,
  'run.finished': true,
  'run.aborted': true,
  'run.heartbeat': true,
  'spool.dropped': true,
  'journal.full': true,
  'journal.resumed': true,
  'event.conflict': true
}
const statuses: Record<RunStatus | ResultStatus, true> = {
  ok: true,
  changed: true,
  failed: true,
  skipped: true,
  unreachable: true,
  running: true,
  success: true,
  aborted: true
}

const columns: readonly Column[] = [
  { title: 'TIME' },
  { title: 'ACTION' },
  { title: 'PLAYBOOK', isFlexible: true },
  { title: 'HOST', isFlexible: true },
  { title: 'STATUS' },
  { title: 'USER', isFlexible: true },
  { title: 'WHAT', isFlexible: true }
]

interface EventsOptions extends ListOptions {
  run?: string
  action?: string
  sort: string
}

/** `playtrail events`: every fact, across runs; newest first. */
export function eventsCommand(surroundings: Surroundings = processSurroundings()): Command {
  return listCommand('events', Object.keys(statuses), EVENTS_DEFAULT)
    .description('list events: every single fact, of all runs or of some')
    .addHelpText(
      'after',
      '\nHeartbeats of runs are left out, unless --all or --action run.heartbeat asks for them.'
    )
    .option('--run <id>', `of this run: ${runNames}`)
    .addOption(new Option('--action <action>', 'of this kind').choices(Object.keys(actions)))
    .addOption(
      new Option('--sort <order>', 'newest (-@timestamp) or oldest (@timestamp) first')
        .choices(['-@timestamp', '@timestamp'])
        .default('-@timestamp')
    )
    .action((options: EventsOptions) => listEvents(options, surroundings))
}

async function listEvents(options: EventsOptions, surroundings: Surroundings): Promise<void> {
  const client = createClient(readConnection(options.url, surroundings.env))
  const { action, sort } = options
  const run = options.run === undefined ? undefined : (await findRun(options.run, client)).run.id
  // A shipper says every 30 s that a run goes on: of that only who asks for it wants to hear.
  const heartbeats = options.all || action !== undefined ? undefined : 'false'
  const parameters = { ...filtersOf(options), run, action, sort, heartbeats }
  await printList(client.events(parameters, itemsMaxOf(options)), surroundings, {
    isJson: options.json === true,
    columns,
    rowsOf: (events) => events.map(rowOf),
    nothingFound: 'No events match. Leave out a filter, or reach further back with --from.'
  })
}

function rowOf(event: IndexedEvent): Cell[] {
  const status = event.ansible?.result?.status ?? event.run?.status ?? ''
  return [
    localIso(new Date(event['@timestamp'])),
    event.event.action,
    event.run?.name ?? '',
    event.host?.name ?? '',
    [{ text: status, format: statusFormat(status) }],
    actorOf(event),
    whatHappened(event)
  ]
}
