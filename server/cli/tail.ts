import { Command } from 'commander'
import { createClient } from '../../client/client.ts'
import type { LiveMessage } from '../../client/live.ts'
import { readConnection, urlOption } from './connection.ts'
import { Interrupted } from './failure.ts'
import { addExample, kindOption } from './list-options.ts'
import { createLiveTable } from './live-table.ts'
import { printable, printableJson } from './printable.ts'
import { paintFor } from './style.ts'
import { print, processSurroundings, type Surroundings, widthOf } from './surroundings.ts'
import { durationText } from './time.ts'

const NANOSECONDS_PER_MS = 1_000_000

interface TailFlags {
  url?: string
  query?: string
  after?: string
  runs: boolean
  kind?: string
  progress?: true
  json?: true
}

/** `playtrail tail`: runs as they start and end, and events as they come, until Ctrl-C. */
export function tailCommand(surroundings: Surroundings = processSurroundings()): Command {
  const command = new Command('tail')
    .description('follow runs as they start and end, and with -q the events that it finds, until Ctrl-C')
    .option(
      '-q, --query <query>',
      "events to show, too, in Lucene's syntax: 'status:(failed OR unreachable)'"
    )
    .option('--no-runs', 'only the events that the query finds, nothing of runs')
    .addOption(kindOption(['service']))
    .option('--progress', 'tell how far the runs are, each second in which one goes on')
    .option('--after <id>', 'go on after this id of an earlier tail --json, instead of now')
    .option('--json', 'print NDJSON: {id, event, data}, as the API gives it')
    .addOption(urlOption())
  return addExample(command, [
    "playtrail tail -q 'status:failed AND host:web-*'",
    'runs, and each failure on a web server as it happens'
  ]).action((flags: TailFlags) => follow(flags, surroundings))
}

async function follow(flags: TailFlags, surroundings: Surroundings): Promise<void> {
  const { stdout, stderr, env } = surroundings
  const client = createClient(readConnection(flags.url, env))
  const table = createLiveTable({ width: widthOf(stdout), paint: paintFor(stdout, env) })
  const query = {
    ...(flags.query && { q: flags.query }),
    ...(!flags.runs && { runs: 'false' as const }),
    ...(flags.kind && { kind: 'service' as const })
  }
  const messages = client.live(query, {
    signal: surroundings.untilInterrupted(),
    after: flags.after,
    onLost: (reason, pauseMs) => {
      const next = durationText(pauseMs * NANOSECONDS_PER_MS)
      void say(stderr, `The connection is lost: ${printable(reason)}. Trying again in ${next}.`)
    },
    onFound: () => void say(stderr, 'The connection is there again.')
  })
  for await (const message of messages) {
    if (message.event === 'run.progress' && !flags.progress) continue
    if (message.event === 'reset')
      await say(stderr, `What happened meanwhile is not shown. ${printable(message.data.reason)}`)
    else await print(stdout, flags.json ? jsonLine(message) : table(message))
  }
  throw new Interrupted()
}

function jsonLine({ id, event, data }: LiveMessage): string {
  return `${printableJson({ id, event, data })}\n`
}

/** Where nobody reads stderr any more, what is followed goes on. */
async function say(stderr: Surroundings['stderr'], text: string): Promise<void> {
  await print(stderr, `${text}\n`).catch(() => undefined)
}
