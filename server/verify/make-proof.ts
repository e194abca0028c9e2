import type { DataFolder } from '../data-folder.ts'
import { Uncheckable } from '../index/reconcile/comparable.ts'
import type { JournalRecord } from '../journal/record.ts'
import { BadEvidence } from '../seal/bad-evidence.ts'
import { parseSignedCheckpoint } from '../seal/checkpoint.ts'
import { type EventProof, proveEvent, verifyEventProof } from '../seal/event-proof.ts'
import { NOTE_BYTES_MAX } from '../seal/note.ts'
import { CHECKPOINT } from '../seal/signed-record.ts'
import { tilePath } from '../seal/tile.ts'
import { Findings } from './findings.ts'
import { type JournalSeen, journalRecords } from './journal-records.ts'
import { folderSource, type LogSource, readTile } from './log-source.ts'
import { keysFor } from './read-keys.ts'

/** Proves an event of a data folder. Undefined if the journal has none of that id. Throws BadEvidence where the folder is damaged. */
export async function proveFromFolder(folder: DataFolder, eventId: string): Promise<EventProof | undefined> {
  const source = folderSource(folder.logFolder)
  const checkpoint = await source.read(CHECKPOINT, NOTE_BYTES_MAX)
  if (checkpoint === undefined)
    throw new Uncheckable(`there is no log: ${source.placeOf(CHECKPOINT)} is missing.`)
  const { size } = parseSignedCheckpoint(checkpoint)
  const record = await findRecord(folder, eventId, size)
  if (record === undefined) return undefined
  if (record.index >= size)
    throw new Uncheckable(
      `event ${eventId} is kept as record ${record.index}, but the log has ${size} leaves: it is sealed within a second. Ask again.`
    )
  const proof = await proveEvent(record, checkpoint.toString('utf8'), async (tile) => {
    const { bytes, place, isBeginning } = await readTile(source, tile)
    if (bytes === undefined) throw new BadEvidence(`${place} is missing: ${tilePath(tile)}`)
    return isBeginning && tile.level === 'entries' ? beginningOf(bytes, tile.width) : bytes
  })
  await checkProof(source, proof)
  return proof
}

/** What is handed out is checked before; with the key that lies beside the log, which is all that is at hand here. */
export async function checkProof(source: LogSource, proof: EventProof): Promise<void> {
  const findings = new Findings()
  const known = await keysFor(source, [], findings)
  if (known === undefined) throw new BadEvidence(findings.first[0]?.message ?? 'the key is none')
  verifyEventProof(proof, known.keys)
}

async function findRecord(
  folder: DataFolder,
  eventId: string,
  sealedEnd: number
): Promise<JournalRecord | undefined> {
  const seen: JournalSeen = { segments: 0, records: 0, tailBytes: 0 }
  for await (const records of journalRecords(folder, sealedEnd, seen)) {
    const found = records.find(({ record }) => record.eventId === eventId)
    if (found !== undefined) return found.record
  }
  return undefined
}

function beginningOf(bundle: Buffer, width: number): Buffer {
  let end = 0
  for (let entry = 0; entry < width && end + 2 <= bundle.length; entry++) end += 2 + bundle.readUInt16BE(end)
  return bundle.subarray(0, end)
}
