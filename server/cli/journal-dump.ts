import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { SERVER_SENDER } from '../access.ts'
import { openDataFolder } from '../data-folder.ts'
import { Fatal } from '../errors.ts'
import type { JournalRecord } from '../journal/record.ts'
import { scanRecords, wasDurable } from '../journal/recovery.ts'
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, segmentFirst } from '../journal/segment.ts'
import { dataDirOption } from './data-dir.ts'

/** `playtrail journal dump`: the records as NDJSON, also while a server runs, and up to the first damage. */
export function journalCommand(): Command {
  const journal = new Command('journal').description('look into the journal')
  journal
    .command('dump')
    .description('print every record as a JSON object a line')
    .option(
      '--events',
      'only what senders sent, an event a line as it came: to be sent again by POST /v1/events'
    )
    .addOption(dataDirOption())
    .action(async ({ dataDir, events }: { dataDir: string; events?: true }) => {
      const { journal: directory } = openDataFolder(dataDir)
      const lineOf = events === true ? sentLine : dumpLine
      const names = readdirSync(directory).filter((name) => segmentFirst(name) !== undefined)
      for (const name of names.sort()) await dumpSegment(join(directory, name), name === names.at(-1), lineOf)
    })
  return journal
}

async function dumpSegment(
  path: string,
  isLast: boolean,
  lineOf: (record: JournalRecord) => string
): Promise<void> {
  const bytes = readFileSync(path)
  if (bytes.length < SEGMENT_HEADER_BYTES && isLast) return
  const { first } = decodeSegmentHeader(bytes, path)
  const lines: string[] = []
  const { offset, next } = scanRecords(bytes, first, (record) => lines.push(lineOf(record)))
  for (const line of lines) {
    if (line !== '' && !process.stdout.write(line)) await once(process.stdout, 'drain')
  }
  if (offset === bytes.length) return
  const place = `${path}: byte ${offset}, where record ${next} should begin`
  // A running server may be writing there; after a crash it is a torn tail, which the next start cuts off.
  if (isLast && !wasDurable(bytes, offset, next))
    process.stderr.write(
      `${place}: ${bytes.length - offset} bytes are not a whole record (a write under way, or a torn tail).\n`
    )
  else throw new Fatal(`${place}, is damaged. Restore this file from a copy of the data folder.`)
}

/** What the service told of itself is nobody's to send. */
function sentLine({ sender, payload }: JournalRecord): string {
  return sender === SERVER_SENDER ? '' : `${payload.toString('utf8')}\n`
}

function dumpLine({ index, synced, receivedAt, sender, eventId, salt, payload }: JournalRecord): string {
  const head = {
    index,
    synced,
    received: new Date(receivedAt / 1_000).toISOString(),
    sender,
    event_id: eventId,
    salt: salt.toString('hex'),
    bytes: payload.length
  }
  // The payload goes in as it is: reading and writing it again could change it.
  return `${JSON.stringify(head).slice(0, -1)},"event":${payload.toString('utf8')}}\n`
}
