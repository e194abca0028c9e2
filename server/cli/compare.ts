import { Command } from 'commander'
import type { Answer, Client } from '../../client/client.ts'
import { type AskFlags, addAskOptions, answering } from './answering.ts'
import { comparisonText } from './comparison.ts'
import { findRun, runNames } from './find-run.ts'
import { addExample } from './list-options.ts'
import { printableJson } from './printable.ts'
import { paintFor } from './style.ts'
import { print, processSurroundings, type Surroundings, widthOf } from './surroundings.ts'

export type Comparison = Answer<'GET /v1/compare'>

interface CompareFlags extends AskFlags {
  json?: true
}

/** `playtrail compare`: what differs between two runs. */
export function compareCommand(surroundings: Surroundings = processSurroundings()): Command {
  const command = new Command('compare')
    .description(
      'compare two runs: what they were asked, their hosts and tasks, how these ended, how long they took'
    )
    .argument('<a>', `the one: ${runNames}`)
    .argument('<b>', 'the other')
    .option('--json', 'print one JSON object, as the API gives it')
  return addExample(addAskOptions(command), [
    'playtrail compare 019a5344-9e0b last',
    'what is different in the newest run'
  ]).action((a: string, b: string, flags: CompareFlags) =>
    answering(flags, surroundings, (client, paged) => compareRuns(a, b, flags, client, paged))
  )
}

async function compareRuns(
  a: string,
  b: string,
  { json }: CompareFlags,
  client: Client,
  { stdout, env, now }: Surroundings
): Promise<void> {
  const [runA, runB] = [await findRun(a, client), await findRun(b, client)]
  const comparison = await client.compare({ a: runA.run.id, b: runB.run.id })
  if (json) await print(stdout, `${printableJson(comparison)}\n`)
  else
    await print(
      stdout,
      comparisonText(comparison, { paint: paintFor(stdout, env), width: widthOf(stdout), now: now() })
    )
}
