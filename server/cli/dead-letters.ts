import { Command, InvalidArgumentError } from 'commander'
import { openDataFolder } from '../data-folder.ts'
import { type DeadLetter, type DeadLetters, openDeadLetters, portionsOf } from '../index/dead-letters.ts'
import { openLetterReader } from '../index/letter-reader.ts'
import { openJournalFiles } from '../journal/read-only.ts'
import { recordsOf } from '../journal/record.ts'
import { dataDirOption } from './data-dir.ts'
import { type Portion, printList } from './print-list.ts'
import { printable, printableJsonText } from './printable.ts'
import { noSuchLetter, type RetryFlags, retryCommand } from './retry-letters.ts'
import { addStoreOptions } from './store-options.ts'
import { print, processSurroundings, type Surroundings } from './surroundings.ts'
import type { Cell, Column } from './table.ts'
import { localIso, relativeTime } from './time.ts'

const columns: readonly Column[] = [
  { title: 'RECORD', align: 'right' },
  { title: 'EVENT', isFlexible: true },
  { title: 'REFUSED' },
  { title: 'TIMES', align: 'right' },
  { title: 'BY', isFlexible: true },
  { title: 'REASON', isFlexible: true }
]

/** `playtrail dead-letters list|show|retry`: works on the data folder, also while the server runs. */
export function deadLettersCommand(surroundings: Surroundings = processSurroundings()): Command {
  const command = new Command('dead-letters').description(
    'events that the index refused: what they are, and to send them again'
  )
  command
    .command('list')
    .description('list them, with the reasons; the events themselves are in the journal')
    .option('--json', 'print NDJSON: one object a line')
    .addOption(dataDirOption())
    .action((options: { dataDir: string; json?: true }) => list(options, surroundings))
  command
    .command('show')
    .description('print the event of one as it is kept in the journal, and why it was refused')
    .argument('<record>', 'number of its record in the journal', readRecord)
    .addOption(dataDirOption())
    .action((record: number, { dataDir }: { dataDir: string }) => show(record, dataDir, surroundings))
  const retry = command
    .command('retry')
    .description(
      'send them to the index again, when its mapping was mended; those that it takes leave the list'
    )
    .argument('[record...]', 'numbers of their records in the journal', readRecords)
    .option('--all', 'all of them')
    .action((records: number[], flags: RetryFlags) => retryCommand(records, flags, surroundings))
  addStoreOptions(retry)
  return command
}

async function list(
  { dataDir, json }: { dataDir: string; json?: true },
  surroundings: Surroundings
): Promise<void> {
  const letters = openDeadLetters(openDataFolder(dataDir).deadLetters)
  try {
    await printList(pagesOf(letters), surroundings, {
      isJson: json === true,
      columns,
      rowsOf: (items) => items.map((letter) => rowOf(letter, surroundings.now())),
      nothingFound: 'There are no dead letters: the index has refused nothing.'
    })
    if (json || letters.count === 0) return
    await print(
      surroundings.stderr,
      '\nMend what the reasons name, such as a mapping or an index template. Then: playtrail dead-letters retry --all\n'
    )
  } finally {
    letters.close()
  }
}

async function* pagesOf(letters: DeadLetters): AsyncGenerator<Portion<DeadLetter>> {
  for (const items of portionsOf(letters)) yield { items, hasMore: false }
}

function rowOf({ record, event_id, last_refused, times, store, reason }: DeadLetter, now: Date): Cell[] {
  const when = relativeTime(new Date(last_refused), now)
  return [String(record), event_id, when, String(times), store, reason]
}

async function show(record: number, dataDir: string, { stdout, stderr }: Surroundings): Promise<void> {
  const folder = openDataFolder(dataDir)
  const letters = openDeadLetters(folder.deadLetters)
  try {
    const letter = letters.get(record)
    if (letter === undefined) throw noSuchLetter(record)
    const journal = await openJournalFiles(folder)
    for (const { payload } of recordsOf(await openLetterReader(journal).read(letter))) {
      await print(stderr, headOf(letter))
      await print(stdout, `${printableJsonText(payload.toString('utf8'))}\n`)
    }
    await journal.close()
  } finally {
    letters.close()
  }
}

function headOf({ event_id, reason, store, first_refused, last_refused, times }: DeadLetter): string {
  const last = localIso(new Date(last_refused))
  const refused = times === 1 ? last : `${times} times, from ${localIso(new Date(first_refused))} to ${last}`
  const lines = [
    ['event', event_id],
    ['refused', refused],
    ['by', store],
    ['reason', reason]
  ]
  return lines.map(([name = '', text = '']) => `${name.padEnd(9)}${printable(text)}\n`).join('')
}

function readRecord(text: string): number {
  const record = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(record)) return record
  throw new InvalidArgumentError('Expected the number of a record, as playtrail dead-letters list shows it.')
}

function readRecords(text: string, before: number[] = []): number[] {
  return [...before, readRecord(text)]
}
