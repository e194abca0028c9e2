import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type DataFolder, openDataFolder } from '../../server/data-folder.ts'
import { type Journal, openJournal } from '../../server/journal/journal.ts'
import { type JournalRecord, recordsOf } from '../../server/journal/record.ts'

/** Opens the journal of a folder; a broken disk fails the test. */
export async function journalIn(path: string): Promise<{ folder: DataFolder; journal: Journal }> {
  const folder = openDataFolder(path, { create: true })
  const journal = await openJournal(folder, {
    onBroken: (error) => {
      throw error
    }
  })
  return { folder, journal }
}

export async function allRecords(journal: Journal, from = 0): Promise<JournalRecord[]> {
  const records: JournalRecord[] = []
  for (let next = from; next < journal.end; ) {
    const batch = await journal.read(next)
    if (batch === undefined) break
    records.push(...recordsOf(batch))
    next = batch.next
  }
  return records
}

/** The paths of the segments, oldest first. */
export function segmentPaths(folder: DataFolder): string[] {
  return readdirSync(folder.journal)
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .map((name) => join(folder.journal, name))
}

export function entry(eventId: string, text = '{}'): { eventId: string; payload: Buffer } {
  return { eventId, payload: Buffer.from(text) }
}
