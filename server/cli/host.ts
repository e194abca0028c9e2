import { Command, Option } from 'commander'
import type { Answer, Client, Filters } from '../../client/client.ts'
import { itemsOf } from '../../client/pages.ts'
import type { Run } from '../../client/types.ts'
import { printText } from './answer-list.ts'
import { type AskFlags, addAskOptions, answering } from './answering.ts'
import { changeColumns, changeRow } from './host-changes.ts'
import { hostHead } from './host-head.ts'
import { addExample, addForms, filtersOf, itemsMaxOf, type ListFlags, readCount } from './list-options.ts'
import { printList } from './print-list.ts'
import { printableJson } from './printable.ts'
import { runColumns, runRows } from './runs.ts'
import { paintFor } from './style.ts'
import { print, processSurroundings, type Surroundings } from './surroundings.ts'

const ITEMS_DEFAULT = 20

interface HostFlags
  extends AskFlags,
    Pick<ListFlags, 'query' | 'from' | 'to' | 'limit' | 'all' | 'json' | 'csv'> {
  changes?: true
}

/** `playtrail host`: what happened to one host, and who did it. */
export function hostCommand(surroundings: Surroundings = processSurroundings()): Command {
  const command = new Command('host')
    .description(
      'show a host: who changed it last, with which tags and limit; its runs, and what they changed'
    )
    .argument('<name>', 'name of the host')
    .option('--changes', 'show what changed on it, newest first: task, files, run, user')
    .option(
      '-q, --query <query>',
      "only runs that this finds, such as 'user:alice'; with --changes only such changes"
    )
    .option('--from <time>', 'not before this time: RFC 3339, or such as now-7d')
    .option('--to <time>', 'before this time: RFC 3339, or such as now-1h')
    .addOption(
      new Option('--limit <count>', 'how many runs, and changes').argParser(readCount).default(ITEMS_DEFAULT)
    )
    .addOption(new Option('--all', 'all of them').conflicts('limit'))
  addExample(addAskOptions(addForms(command)), [
    'playtrail host web-07 --from now-1d --changes',
    'what changed on web-07 since yesterday, and who did it'
  ])
  return command.action((name: string, flags: HostFlags) =>
    answering(flags, surroundings, (client, paged) => showHost(name, flags, client, paged))
  )
}

async function showHost(
  name: string,
  flags: HostFlags,
  client: Client,
  surroundings: Surroundings
): Promise<void> {
  // The host as it is now, whatever part of its history is asked for.
  const host = await client.host(name)
  if (flags.csv) await printCsv(name, flags, client, surroundings)
  else if (flags.json) await printJson(host, flags, client, surroundings)
  else await printHost(host, flags, client, surroundings)
}

type Host = Answer<'GET /v1/hosts/{name}'>

async function printHost(
  host: Host,
  flags: HostFlags,
  client: Client,
  surroundings: Surroundings
): Promise<void> {
  const { stdout, env } = surroundings
  const { name } = host.host
  const itemsMax = itemsMaxOf(flags)
  const paint = paintFor(stdout, env)
  await print(stdout, `${hostHead(host, paint, surroundings.now())}\n`)
  await printList(client.hostRuns(name, runsOf(flags), { itemsMax }), surroundings, {
    isJson: false,
    columns: runColumns,
    rowsOf: (runs) => runRows(runs.map(onHost), surroundings.now()),
    nothingFound: nothingText('runs', { ...flags, query: runsOf(flags).q })
  })
  if (!flags.changes) return
  await print(stdout, `\n${paint('bold', 'What changed')}\n`)
  await printList(client.events(changesOf(name, flags), { itemsMax }), surroundings, {
    isJson: false,
    columns: changeColumns,
    rowsOf: (events) => events.map((event) => changeRow(event, surroundings.now())),
    nothingFound: nothingText('changes', flags)
  })
}

/** One object: {host, runs}, and with --changes {host, runs, changes}. */
async function printJson(
  host: Host,
  flags: HostFlags,
  client: Client,
  { stdout }: Surroundings
): Promise<void> {
  const { name } = host.host
  const itemsMax = itemsMaxOf(flags)
  const runs = await Array.fromAsync(itemsOf(client.hostRuns(name, runsOf(flags), { itemsMax })))
  const changes = flags.changes
    ? { changes: await Array.fromAsync(itemsOf(client.events(changesOf(name, flags), { itemsMax }))) }
    : {}
  await print(stdout, `${printableJson({ host, runs, ...changes })}\n`)
}

/** The runs, or with --changes the changes. */
async function printCsv(
  name: string,
  flags: HostFlags,
  client: Client,
  surroundings: Surroundings
): Promise<void> {
  const itemsMax = itemsMaxOf(flags)
  const text = flags.changes
    ? client.text('GET /v1/events', {}, changesOf(name, flags), 'text/csv', { itemsMax })
    : client.text('GET /v1/hosts/{name}/runs', { name }, runsOf(flags), 'text/csv', { itemsMax })
  await printText(text, surroundings)
}

/** A query of changes may ask for what runs do not have, such as a task. */
function runsOf(flags: HostFlags): Filters<'GET /v1/hosts/{name}/runs'> {
  const { q, ...filters } = filtersOf(flags)
  return flags.changes || q === undefined ? filters : { ...filters, q }
}

/** What was changed, and not only checked. */
function changesOf(host: string, flags: HostFlags): Filters<'GET /v1/events'> {
  const changed = 'NOT ansible.task.check_mode:true'
  const { q, ...filters } = filtersOf(flags)
  return {
    ...filters,
    host,
    action: 'host.result',
    status: 'changed',
    q: q === undefined ? changed : `(${q}) AND ${changed}`
  }
}

function nothingText(
  what: string,
  { query, from, to }: { query?: string | undefined; from?: string; to?: string }
): string {
  const isTimed = from !== undefined || to !== undefined
  if (query !== undefined)
    return `No ${what} on it match. Leave out --query${isTimed ? ', or reach further with --from and --to' : ''}.`
  return isTimed ? `No ${what} in this time.` : `No ${what} on it.`
}

/** The run with the results on this host, instead of those on all. */
function onHost(run: Run & { results: Run['playtrail']['results'] }): Run {
  return { ...run, playtrail: { ...run.playtrail, results: run.results } }
}
