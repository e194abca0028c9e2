import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { type DataFolder, openDataFolder } from '../../server/data-folder.ts'
import { openSqliteStore } from '../../server/index/sqlite/store.ts'
import { openJournal } from '../../server/journal/journal.ts'
import { openJournalFiles } from '../../server/journal/read-only.ts'
import { realLogDisk } from '../../server/seal/disk.ts'
import { makeKey, readKeys, vkeysOf } from '../../server/seal/keys.ts'
import { openSealing } from '../../server/seal/sealing.ts'
import { Findings } from '../../server/verify/findings.ts'
import { folderSource } from '../../server/verify/log-source.ts'
import { readGivenKeys } from '../../server/verify/read-keys.ts'
import { type Verification, verifyLog } from '../../server/verify/verify-log.ts'
import { receivedAt } from '../index/fixtures.ts'
import { eventsOfRuns, indexInto } from '../index/reconcile-world.ts'
import { ORIGIN } from '../seal/world.ts'
import type { Ending } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'

/** Sizes at which the log was signed: in the end two full tiles and two partial ones, the older of which is outgrown. */
export const SIZES = [100, 600, 640] as const
export const [, , SIZE] = SIZES

/** A data folder with a journal of several segments, its log, and copies of checkpoints that were published. */
export interface Evidence {
  folder: DataFolder
  /** Files with the checkpoint of each size. */
  checkpoints: Record<(typeof SIZES)[number], string>
  /** The data folder as it was when 600 records were sealed. */
  snapshot: DataFolder
  /** A file with the log's public key. */
  vkey: string
}

export async function makeEvidence(t: Ending): Promise<Evidence> {
  const path = temporaryFolder(t)
  const folder = openDataFolder(join(path, 'data'), { create: true })
  const vkey = join(path, 'known.vkey')
  writeFileSync(vkey, vkeysOf(makeKey(realLogDisk, folder.keys, ORIGIN)))
  const checkpoints = { 100: '', 600: '', 640: '' }
  const events = eventsOfRuns(50, 6).slice(0, SIZE)
  let done = 0
  for (const size of SIZES) {
    const journal = await openJournal(folder, { segmentBytesMax: 60_000, onBroken: fail })
    for (; done < size; done += 20) {
      const entries = events.slice(done, done + 20).map((event) => ({
        eventId: event.event.id,
        payload: Buffer.from(JSON.stringify(event))
      }))
      await journal.append(entries, 'control-1', receivedAt(done))
    }
    await journal.close()
    await seal(folder)
    checkpoints[size] = join(path, `checkpoint-${size}`)
    cpSync(join(folder.logFolder, 'checkpoint'), checkpoints[size])
    if (size === 600) cpSync(folder.path, join(path, 'snapshot'), { recursive: true })
  }
  return { folder, checkpoints, snapshot: openDataFolder(join(path, 'snapshot')), vkey }
}

/** Seals what the journal of a folder holds, with the key that is there. */
export async function seal(folder: DataFolder): Promise<void> {
  const journal = await openJournalFiles(folder)
  const folders = { log: folder.logFolder, keys: folder.keys }
  const sealing = openSealing({ disk: realLogDisk, folders, journalEnd: journal.end })
  for (;;) {
    const batch = await journal.read(sealing.progress.next)
    if (batch === undefined) break
    sealing.append(batch)
  }
  sealing.seal()
  await journal.close()
}

/** Brings the journal into the index, as the service does. */
export async function index(folder: DataFolder): Promise<void> {
  const store = await openSqliteStore({
    ...{ path: folder.index, journalId: folder.log, journalEnd: SIZE },
    log: pino({ level: 'silent' })
  })
  await indexInto(store, folder)
  await store.close()
}

/** A copy of a data folder, to damage it. */
export function copyOf(t: Ending, { path }: DataFolder): DataFolder {
  const to = join(temporaryFolder(t), 'data')
  cpSync(path, to, { recursive: true })
  return openDataFolder(to)
}

export async function verified(
  folder: DataFolder,
  { vkey, since = [] }: { vkey?: string | undefined; since?: string[] } = {}
): Promise<{ findings: Findings; verification: Verification }> {
  const findings = new Findings()
  const verification = await verifyLog(
    {
      source: folderSource(folder.logFolder),
      folder,
      logFolder: folder.logFolder,
      keys: await readGivenKeys(vkey === undefined ? [] : [vkey]),
      since,
      onProgress: () => undefined
    },
    findings
  )
  return { findings, verification }
}

export function hasKey(folder: DataFolder): boolean {
  return readKeys(realLogDisk, folder.keys) !== undefined
}

export function change(path: string, edit: (bytes: Buffer) => Buffer): void {
  writeFileSync(path, edit(readFileSync(path)))
}

function fail(error: unknown): never {
  throw error
}
