import { Command, Option } from 'commander'
import type { Client, Filters } from '../../client/client.ts'
import type { IndexedEvent, Run } from '../../client/types.ts'
import { printText } from './answer-list.ts'
import { type AskFlags, addAskOptions, answering } from './answering.ts'
import { findRun, runNames } from './find-run.ts'
import { addExample, filtersOf } from './list-options.ts'
import { printableJson } from './printable.ts'
import { runBody, runRecap, runWarnings } from './run-body.ts'
import { runHead } from './run-head.ts'
import { tellRun } from './run-story.ts'
import { lifeText } from './service-text.ts'
import { paintFor } from './style.ts'
import { print, processSurroundings, type Surroundings, widthOf } from './surroundings.ts'

/** Results must be held together to be put under their tasks; past this the run is read with `events`. */
const EVENTS_SHOWN_MAX = 100_000

type EventFilters = Filters<'GET /v1/events'>

interface ShowFlags extends AskFlags {
  query?: string
  diff: boolean
  json?: true
  csv?: true
}

/** `playtrail show`: one run from its first play to its recap. */
export function showCommand(surroundings: Surroundings = processSurroundings()): Command {
  const command = new Command('show')
    .description('show a run: who, from where, with what; its plays, tasks, results and recap')
    .argument('<run>', runNames)
    .option('-q, --query <query>', "only what this finds, in Lucene's syntax: 'host:web-* AND status:failed'")
    .option('--diff', 'show what changed within files (default)', true)
    .option('--no-diff', 'do not')
    .option('--json', 'print one JSON object: {run, events}')
    .addOption(new Option('--csv', 'print the results as CSV').conflicts('json'))
  const example = ['playtrail show last', 'the newest run, as Ansible printed it'] as const
  return addExample(addAskOptions(command), example).action((name: string, flags: ShowFlags) =>
    answering(flags, surroundings, (client, paged) => showRun(name, flags, client, paged))
  )
}

async function showRun(
  name: string,
  flags: ShowFlags,
  client: Client,
  surroundings: Surroundings
): Promise<void> {
  const run = await findRun(name, client)
  const filters = filtersOf(flags)
  if (flags.csv)
    await printText(
      client.text('GET /v1/runs/{id}/results', { id: run.run.id }, filters, 'text/csv'),
      surroundings
    )
  else if (flags.json) await printJson(run, { ...eventsOf(run), ...filters }, client, surroundings)
  else await printRun(run, flags, client, surroundings)
}

/** One object, written as its events arrive: a run of any length fits. */
async function printJson(
  run: Run,
  filters: EventFilters,
  client: Client,
  { stdout }: Surroundings
): Promise<void> {
  await print(stdout, `{"run":${printableJson(run)},"events":[`)
  let separator = ''
  for await (const { items } of client.events(filters)) {
    if (items.length === 0) continue
    await print(stdout, separator + items.map((event) => printableJson(event)).join(','))
    separator = ','
  }
  await print(stdout, ']}\n')
}

async function printRun(
  run: Run,
  flags: ShowFlags,
  client: Client,
  { stdout, env, now }: Surroundings
): Promise<void> {
  const paint = paintFor(stdout, env)
  await print(stdout, runHead(run, paint, now()))

  const events: IndexedEvent[] = []
  let isCut = false
  const kind = run.run.kind ?? ''
  const isOfService = kind === 'service'
  // Those of the service tell how it stood, and are counted with its other events.
  const heartbeats = isOfService ? {} : { heartbeats: 'false' as const }
  const shown: EventFilters = { ...eventsOf(run), ...filtersOf(flags), ...heartbeats }
  for await (const { items, hasMore } of client.events(shown, { itemsMax: EVENTS_SHOWN_MAX })) {
    for (const event of items) events.push(event)
    isCut = hasMore
  }
  const told = tellRun(events)
  // What seems to be missing may be behind the cut, or what the query leaves out.
  const story = isCut || flags.query !== undefined ? { ...told, gaps: [] } : told
  const isOutputShown = kind === 'adhoc' || kind === 'console'
  const options = { paint, width: widthOf(stdout), isOutputShown, isDiffShown: flags.diff }
  if (isOfService) await print(stdout, lifeText(events, paint))
  for (const block of runBody(story, options)) await print(stdout, block)
  await print(stdout, runRecap(story, options) + runWarnings(story, paint))
  if (isCut) await print(stdout, cutNote(run))
}

function eventsOf({ run }: Run): EventFilters {
  return { run: run.id, sort: '@timestamp' }
}

function cutNote({ run }: Run): string {
  return `\nThese were the first ${EVENTS_SHOWN_MAX} events. All of them: playtrail events --run ${run.id} --sort @timestamp --all\n`
}
