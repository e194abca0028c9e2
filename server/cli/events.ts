import { type Command, Option } from 'commander'
import type { Client } from '../../client/client.ts'
import type { IndexedEvent } from '../../client/types.ts'
import type { Event } from '../event-types.ts'
import type { ResultStatus, RunStatus } from '../index/store.ts'
import { answerList } from './answer-list.ts'
import { answering } from './answering.ts'
import { actorCell, momentCell } from './cells.ts'
import { findRun, runNames } from './find-run.ts'
import { filtersOf, type ListFlags, listCommand } from './list-options.ts'
import { statusFormat } from './style.ts'
import { processSurroundings, type Surroundings } from './surroundings.ts'
import type { Cell, Column } from './table.ts'
import { whatHappened } from './what-happened.ts'

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
  'token.created': true,
  'token.used': true,
  'token.revoked': true,
  'token.refused': true,
  'service.recovered': true,
  'event.conflict': true,
  'runs.expired': true
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

export const eventColumns: readonly Column[] = [
  { title: 'TIME' },
  { title: 'ACTION' },
  { title: 'PLAYBOOK', isFlexible: true },
  { title: 'HOST', isFlexible: true },
  { title: 'STATUS' },
  { title: 'USER', isFlexible: true },
  { title: 'WHAT', isFlexible: true }
]

interface EventsFlags extends ListFlags {
  run?: string
  action?: string
}

/** `playtrail events`: every fact, across runs; newest first. */
export function eventsCommand(surroundings: Surroundings = processSurroundings()): Command {
  return listCommand({
    name: 'events',
    description:
      'list events: every single fact, of all runs or of some; heartbeats of runs only with --all or --action',
    example: [
      "playtrail events -q 'host:web-07 AND status:changed' --from now-1d",
      'what changed on web-07 since yesterday'
    ],
    filters: ['playbook', 'host', 'user'],
    statuses: Object.keys(statuses),
    sorts: ['-@timestamp', '@timestamp'],
    itemsDefault: EVENTS_DEFAULT
  })
    .option('--run <id>', `of this run: ${runNames}`)
    .addOption(new Option('--action <action>', 'of this kind').choices(Object.keys(actions)))
    .action((flags: EventsFlags) =>
      answering(flags, surroundings, (client, paged) => listEvents(flags, client, paged))
    )
}

async function listEvents(flags: EventsFlags, client: Client, surroundings: Surroundings): Promise<void> {
  const run = flags.run === undefined ? {} : { run: (await findRun(flags.run, client)).run.id }
  const action = flags.action === undefined ? {} : { action: flags.action as Event['event']['action'] }
  // A shipper says every 30 s that a run goes on: of that only who asks for it wants to hear.
  const heartbeats = flags.all || flags.action !== undefined ? {} : { heartbeats: 'false' as const }
  const filters = { ...filtersOf(flags), ...run, ...action, ...heartbeats }
  await answerList(client, { route: 'GET /v1/events', path: {}, filters }, flags, surroundings, {
    columns: eventColumns,
    rowsOf: (events) => events.map(eventRow),
    nothingFound: 'No events match. Leave out a filter, or reach further back with --from.'
  })
}

export function eventRow(event: IndexedEvent): Cell[] {
  const status = event.ansible?.result?.status ?? event.run?.status ?? ''
  return [
    momentCell(event['@timestamp']),
    event.event.action,
    event.run?.name ?? '',
    event.host?.name ?? '',
    [{ text: status, format: statusFormat(status) }],
    actorCell(event),
    whatHappened(event)
  ]
}
