import { pino } from 'pino'
import { type DataFolder, openDataFolder } from '../data-folder.ts'
import { Fatal } from '../errors.ts'
import { type DeadLetters, openDeadLetters } from '../index/dead-letters.ts'
import { openStore, type StoreConfig, storeName } from '../index/open-store.ts'
import { retryLetters } from '../index/retry-letters.ts'
import type { Store } from '../index/store.ts'
import { openJournalFiles } from '../journal/read-only.ts'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { printable } from './printable.ts'
import { readStoreFlags, type StoreFlags } from './store-options.ts'
import { print, type Surroundings } from './surroundings.ts'

export interface RetryFlags extends StoreFlags {
  all?: true
}

/** Done if the index took all of them; else a Failure that says what to do. */
export async function retryCommand(
  records: readonly number[],
  { all, ...flags }: RetryFlags,
  surroundings: Surroundings
): Promise<void> {
  const config = readStoreFlags(flags, surroundings.env)
  if (records.length > 0 === (all === true)) {
    throw new Failure(
      exitCodes.usage,
      'Expected the records of dead letters, or --all.',
      'playtrail dead-letters list shows them.'
    )
  }
  const folder = openDataFolder(config.dataDir)
  const letters = openDeadLetters(folder.deadLetters)
  try {
    for (const record of records) if (letters.get(record) === undefined) throw noSuchLetter(record)
    if (letters.count === 0) await print(surroundings.stderr, 'There are no dead letters.\n')
    else await retry(all ? undefined : records, { config, folder, letters, surroundings })
  } finally {
    letters.close()
  }
}

interface Retrying {
  config: StoreConfig
  folder: DataFolder
  letters: DeadLetters
  surroundings: Surroundings
}

async function retry(
  records: readonly number[] | undefined,
  { config, folder, letters, surroundings }: Retrying
): Promise<void> {
  const { stderr, now } = surroundings
  const journal = await openJournalFiles(folder)
  const store = await openIndex(config, folder)
  let [taken, refusedAgain] = [0, 0]
  try {
    await reaching(store, async () => {
      await store.cursor()
      await retryLetters({
        ...{ letters, journal, store, records, now, storeName: storeName(config) },
        async onOutcome({ record }, refused) {
          if (refused === undefined) taken++
          else refusedAgain++
          if (refused !== undefined)
            await print(stderr, `${record} was refused again: ${printable(refused.reason)}\n`)
        }
      })
    })
  } finally {
    await store.close()
    await journal.close()
    await print(stderr, `${eventsWere(taken)} taken by the index.\n`)
  }
  if (refusedAgain === 0) return
  throw new Failure(
    exitCodes.refused,
    `${eventsWere(refusedAgain)} refused again.`,
    'Mend the mapping or the index template that the reasons name (a data stream takes a new template when it is rolled over), then retry.'
  )
}

export function noSuchLetter(record: number): Failure {
  return new Failure(
    exitCodes.refused,
    `There is no dead letter ${record}.`,
    'playtrail dead-letters list shows them.'
  )
}

function openIndex(config: StoreConfig, folder: DataFolder): Promise<Store> {
  // What the store has to say is said here: taken, refused, or not reached.
  const log = pino({ level: 'silent' })
  return openStore({ config, folder, journalEnd: Number.POSITIVE_INFINITY, log, isBesideServer: true })
}

async function reaching(store: Store, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    // A defect is no outage.
    if (error instanceof Fatal || error instanceof TypeError) throw error
    const reason = store.trouble ?? (error instanceof Error ? error.message : String(error))
    throw new Failure(
      exitCodes.unreachable,
      `The index cannot be written to now: ${reason}`,
      'What it took is off the list. Retry the rest when it is back.',
      { cause: error }
    )
  }
}

function eventsWere(count: number): string {
  return count === 1 ? '1 event was' : `${count} events were`
}
