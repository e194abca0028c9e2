import { errors } from '@elastic/elasticsearch'
import { Command, InvalidArgumentError } from 'commander'
import { ConfigurationError } from '../config.ts'
import { openDataFolder } from '../data-folder.ts'
import { Fatal } from '../errors.ts'
import { reasonOf } from '../index/elasticsearch/failures.ts'
import { Uncheckable } from '../index/reconcile/comparable.ts'
import type { Difference } from '../index/reconcile/difference.ts'
import { compareWithIndex } from './compare-with-index.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { printable, printableJson } from './printable.ts'
import { createProgressLine } from './progress-line.ts'
import { differenceLine, summaryText } from './reconcile-text.ts'
import { addStoreOptions, readStoreFlags, type StoreFlags } from './store-options.ts'
import { print, processSurroundings, type Surroundings } from './surroundings.ts'

interface ReconcileFlags extends StoreFlags {
  repair?: true
  json?: true
  from?: number
  to?: number
}

/** As `verify`: 0 only where all that was compared agrees, 1 where it differs, 2 where it could not be checked. */
const codes = { agrees: exitCodes.done, differs: exitCodes.refused, unchecked: exitCodes.usage } as const

/** `playtrail reconcile`: does the index say what the journal says? Also while the server runs. */
export function reconcileCommand(surroundings: Surroundings = processSurroundings()): Command {
  const command = new Command('reconcile')
    .description(
      'compare the index with the journal, and name each document that is missing, changed or added'
    )
    .option('--repair', 'make the index say what the journal says, and compare again')
    .option('--json', 'print NDJSON: one object a difference, and a summary at the end')
    .option(
      '--from <record>',
      'first record of the journal to compare; runs are not compared then',
      readRecord
    )
    .option('--to <record>', 'last record to compare; as --from', readRecord)
    .addHelpText('after', '\nExit codes: 0 they agree, 1 they differ, 2 it could not be checked.')
    .action(async (flags: ReconcileFlags) => {
      const exitCode = await reconcileIn(flags, surroundings)
      // What it found is said already.
      if (exitCode !== codes.agrees) throw new Failure(exitCode, 'the index and the journal do not agree')
    })
  return addStoreOptions(command)
}

async function reconcileIn(flags: ReconcileFlags, surroundings: Surroundings): Promise<ExitCode> {
  const progress = createProgressLine(surroundings)
  try {
    const config = readStoreFlags(flags, surroundings.env)
    const folder = openDataFolder(config.dataDir)
    const { stdout } = surroundings
    const write = async (text: string): Promise<void> => {
      await progress.clear()
      await print(stdout, `${text}\n`)
    }
    const onDifference = (difference: Difference): Promise<void> =>
      write(flags.json ? printableJson(difference) : printable(differenceLine(difference)))
    const reconciled = await compareWithIndex(
      { config, folder },
      {
        ...flags,
        onDifference,
        onProgress: (stage, done, total) => progress.show(`Comparing ${stage}`, done, total)
      }
    )
    await write(flags.json ? printableJson({ summary: reconciled }) : summaryText(reconciled, flags))
    const left = Object.values(reconciled.differences).reduce((sum, count) => sum + count, 0)
    return left + reconciled.deadLetters === 0 ? codes.agrees : codes.differs
  } catch (error) {
    throw unchecked(error)
  } finally {
    await progress.clear()
  }
}

/** Whatever went wrong: nothing is proved. */
function unchecked(error: unknown): unknown {
  const reason = error instanceof errors.ElasticsearchClientError ? reasonOf(error) : undefined
  if (reason !== undefined || error instanceof Uncheckable || error instanceof Fatal) {
    const [message = '', ...hints] = (reason ?? String((error as Error).message)).split('\n')
    return new Failure(codes.unchecked, `could not check: ${message}`, hints.join('\n') || undefined, {
      cause: error
    })
  }
  if (error instanceof Failure || error instanceof ConfigurationError || !(error instanceof Error))
    return error
  return new Failure(codes.unchecked, `could not check: ${error.message}`, error.stack, { cause: error })
}

function readRecord(text: string): number {
  const record = /^\d{1,15}$/.test(text) ? Number(text) : undefined
  if (record === undefined)
    throw new InvalidArgumentError('Expected the number of a record, such as 0 or 4711.')
  return record
}
