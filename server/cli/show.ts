import { Command } from 'commander'
import type { IndexedEvent, Run } from '../index/store.ts'
import { type Client, createClient } from './client.ts'
import { readConnection, urlOption } from './connection.ts'
import { findRun, runNames } from './find-run.ts'
import { printableJson } from './printable.ts'
import { runBody, runRecap, runWarnings } from './run-body.ts'
import { runHead } from './run-head.ts'
import { tellRun } from './run-story.ts'
import { paintFor } from './style.ts'
import { print, processSurroundings, type Surroundings, widthOf } from './surroundings.ts'

/** Results must be held together to be put under their tasks; past this the run is read with `events`. */
const EVENTS_SHOWN_MAX = 100_000

interface ShowOptions {
  url?: string
  json?: true
}

/** `playtrail show`: one run from its first play to its recap. */
export function showCommand(surroundings: Surroundings = processSurroundings()): Command {
  return new Command('show')
    .description('show a run: who, from where, with what; its plays, tasks, results and recap')
    .argument('<run>', runNames)
    .option('--json', 'print one JSON object: {run, events}')
    .addOption(urlOption())
    .action((name: string, options: ShowOptions) => showRun(name, options, surroundings))
}

async function showRun(name: string, { url, json }: ShowOptions, surroundings: Surroundings): Promise<void> {
  const client = createClient(readConnection(url, surroundings.env))
  const run = await findRun(name, client)
  if (json) await printJson(run, client, surroundings)
  else await printRun(run, client, surroundings)
}

/** One object, written as its events arrive: a run of any length fits. */
async function printJson(run: Run, client: Client, { stdout }: Surroundings): Promise<void> {
  await print(stdout, `{"run":${printableJson(run)},"events":[`)
  let separator = ''
  for await (const { items } of client.events(eventsOf(run), Number.POSITIVE_INFINITY)) {
    if (items.length === 0) continue
    await print(stdout, separator + items.map((event) => printableJson(event)).join(','))
    separator = ','
  }
  await print(stdout, ']}\n')
}

async function printRun(run: Run, client: Client, { stdout, env, now }: Surroundings): Promise<void> {
  const paint = paintFor(stdout, env)
  await print(stdout, runHead(run, paint, now()))

  const events: IndexedEvent[] = []
  let isCut = false
  const shown = { ...eventsOf(run), heartbeats: 'false' }
  for await (const { items, hasMore } of client.events(shown, EVENTS_SHOWN_MAX)) {
    for (const event of items) events.push(event)
    isCut = hasMore
  }
  const told = tellRun(events)
  // Behind the cut there may be what seems to be missing before it.
  const story = isCut ? { ...told, gaps: [] } : told
  const kind = run.run.kind ?? ''
  const options = { paint, width: widthOf(stdout), isOutputShown: kind === 'adhoc' || kind === 'console' }
  for (const block of runBody(story, options)) await print(stdout, block)
  await print(stdout, runRecap(story, options) + runWarnings(story, paint))
  if (isCut) await print(stdout, cutNote(run))
}

function eventsOf({ run }: Run): { run: string; sort: string } {
  return { run: run.id, sort: '@timestamp' }
}

function cutNote({ run }: Run): string {
  return `\nThese were the first ${EVENTS_SHOWN_MAX} events. All of them: playtrail events --run ${run.id} --sort @timestamp --all\n`
}
