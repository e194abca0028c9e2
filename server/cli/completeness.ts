import { Command } from 'commander'
import { type Answer, type Client, createClient, type Query } from '../../client/client.ts'
import { completenessText } from './completeness-text.ts'
import { readConnection, urlOption } from './connection.ts'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { addExample } from './list-options.ts'
import { printable, printableJson } from './printable.ts'
import { explained } from './refusal.ts'
import { print, processSurroundings, type Surroundings } from './surroundings.ts'
import { counted } from './words.ts'

export type Completeness = Answer<'GET /v1/completeness'>

/** A server with many millions of events takes minutes to look at all of them. */
const TIMEOUT_MS = 600_000

interface CompletenessFlags {
  url?: string
  from?: string
  to?: string
  json?: true
}

/** `playtrail completeness`: is the list complete? Exit codes are those of `playtrail verify`. */
export function completenessCommand(surroundings: Surroundings = processSurroundings()): Command {
  const command = new Command('completeness')
    .description(
      'tell whether the list of runs is complete: what is missing, doubled, late, dropped, refused'
    )
    .option(
      '--from <time>',
      'runs that started at this time or later: RFC 3339, or such as now-30d; 7 days before --to'
    )
    .option('--to <time>', 'and before this time; now')
    .option('--json', 'print one JSON object, as the API gives it')
    .addOption(urlOption())
    .action((flags: CompletenessFlags) => tellCompleteness(flags, surroundings))
  return addExample(command, [
    'playtrail completeness --from 2026-11-01 --to 2026-12-01',
    'exit codes: 0 it is complete, 1 it is not, 2 it could not be found out. docs/evidence.md explains them'
  ])
}

async function tellCompleteness(flags: CompletenessFlags, surroundings: Surroundings): Promise<void> {
  const found = await unlessUnknown(() => ask(flags, surroundings))
  const text = await unlessUnknown(() => textOf(found, flags))
  try {
    await print(surroundings.stdout, `${text}\n`)
  } catch (error) {
    // Whoever has read enough, as in `completeness | head`, still has to be told by the exit code.
    if (found.verdict === 'complete') throw error
  }
  if (found.verdict === 'incomplete')
    throw new Failure(
      exitCodes.refused,
      `the list is not complete: ${counted(found.flaws.length + found.flaws_more, 'flaw')}`
    )
  if (found.verdict === 'unchecked')
    throw new Failure(
      exitCodes.usage,
      `could not check: ${found.unchecked.map(({ message }) => message).join('\n')}`
    )
}

async function ask({ url, from, to }: CompletenessFlags, { env }: Surroundings): Promise<Completeness> {
  const client: Client = createClient({ ...readConnection(url, env), timeoutMs: TIMEOUT_MS })
  const query: Query<'GET /v1/completeness'> = {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to })
  }
  const found = await client.completeness(query)
  if (!isAnswer(found)) throw new Failure(exitCodes.usage, 'the answer is none about completeness.')
  return found
}

function textOf(found: Completeness, { json }: CompletenessFlags): string {
  if (json) return printableJson(found)
  return completenessText(found)
    .map((line) => printable(line))
    .join('\n')
}

/** Whatever keeps from an answer, also a defect of this program: it is not known whether the list is complete. */
async function unlessUnknown<Found>(find: () => Found | Promise<Found>): Promise<Found> {
  try {
    return await find()
  } catch (error) {
    const failure = error instanceof Failure ? error : explained(error)
    if (failure instanceof Failure)
      throw new Failure(exitCodes.usage, `could not check: ${failure.message}`, failure.hint, {
        cause: error
      })
    const message = `could not check: a defect of Playtrail, please report it: ${stackOf(error)}`
    throw new Failure(exitCodes.usage, message, undefined, { cause: error })
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** Exit code 0 is for positive proof alone, whoever it was that answered. */
function isAnswer(answer: Partial<Completeness> | null): boolean {
  const { verdict, complete, flaws } = answer ?? {}
  if (verdict !== 'complete' && verdict !== 'incomplete' && verdict !== 'unchecked') return false
  return complete === (verdict === 'complete') && Array.isArray(flaws)
}
