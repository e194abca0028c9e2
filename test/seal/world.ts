import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DataFolder } from '../../server/data-folder.ts'
import type { Journal } from '../../server/journal/journal.ts'
import { openCheckpoint, parseSignedCheckpoint, type SignedCheckpoint } from '../../server/seal/checkpoint.ts'
import { type LogDisk, realLogDisk } from '../../server/seal/disk.ts'
import { leafHash } from '../../server/seal/hashes.ts'
import { makeKey, readKeys } from '../../server/seal/keys.ts'
import { leafOf } from '../../server/seal/leaf.ts'
import { openSealing, type Sealing } from '../../server/seal/sealing.ts'
import type { LogFolders } from '../../server/seal/signed-record.ts'
import { readEntries, readHashes } from '../../server/seal/tile-files.ts'
import { openTree, type TileHashes } from '../../server/seal/tree.ts'
import { parseVkey } from '../../server/seal/vkey.ts'
import { allRecords, entry, journalIn } from '../support/journal.ts'

export const ORIGIN = 'audit.example.org/trail'

/** A journal, and the folders of its log with a key. */
export interface LogWorld {
  folder: DataFolder
  folders: LogFolders
  journal: Journal
  /** Appends so many events to the journal. */
  add(count: number): Promise<void>
  close(): Promise<void>
}

let runs = 0

export async function logWorld(path: string): Promise<LogWorld> {
  const { folder, journal } = await journalIn(path)
  const folders = { log: folder.logFolder, keys: folder.keys }
  if (readKeys(realLogDisk, folders.keys) === undefined) makeKey(realLogDisk, folders.keys, ORIGIN)
  return {
    folder,
    folders,
    journal,
    async add(count) {
      const scope = `run-${runs++}`
      for (let done = 0; done < count; done += 1_000) {
        const numbers = Array.from({ length: Math.min(1_000, count - done) }, (_, i) => done + i)
        const entries = numbers.map((i) =>
          entry(`${scope}:${i}`, `{"event":{"action":"host.result","sequence":${i}},"user":{"name":"alice"}}`)
        )
        await journal.append(entries, 'ansible', Date.now() * 1_000)
      }
    },
    close: () => journal.close()
  }
}

export function sealingOf(world: LogWorld, disk: LogDisk = realLogDisk): Sealing {
  return openSealing({ disk, folders: world.folders, journalEnd: world.journal.end })
}

/** Gives the log what it asks for, up to the journal's end. */
export async function feed(sealing: Sealing, { journal }: LogWorld): Promise<void> {
  for (;;) {
    const batch = await journal.read(sealing.progress.next)
    if (batch === undefined) return
    sealing.append(batch)
  }
}

/** Opens the log, and seals all that the journal holds. */
export async function sealed(world: LogWorld, disk: LogDisk = realLogDisk): Promise<Sealing> {
  const sealing = sealingOf(world, disk)
  await feed(sealing, world)
  sealing.seal()
  return sealing
}

/** The published checkpoint, checked with the public key in the folder; undefined if none is published. */
export function published({ folders }: LogWorld): SignedCheckpoint | undefined {
  const path = join(folders.log, 'checkpoint')
  if (!existsSync(path)) return undefined
  const vkeys = realLogDisk.read(join(folders.log, 'log.vkey')).toString('utf8').trim().split('\n')
  return openCheckpoint(realLogDisk.read(path), vkeys.map(parseVkey))
}

/** What is wrong with a log folder, found without the code that wrote it but for hashes and codecs. */
export async function mistakesOf(world: LogWorld): Promise<string[]> {
  const checkpoint = published(world)
  if (checkpoint === undefined) return ['there is no checkpoint']
  const { size } = checkpoint
  const { log } = world.folders
  const records = await allRecords(world.journal)
  const mistakes: string[] = []
  const tree = openTree()
  const compare = ({ level, index, hashes }: TileHashes): void => {
    if (!hashes.equals(readHashes(realLogDisk, log, size, level, index))) mistakes.push(`${level}/${index}`)
  }
  for (let first = 0; first < size; first += 256) {
    for (const [at, stored] of readEntries(realLogDisk, log, size, first / 256).entries()) {
      const record = records[first + at]
      if (record === undefined || !stored.equals(leafOf(record))) mistakes.push(`entry ${first + at}`)
      tree.append(leafHash(stored), compare)
    }
  }
  tree.edge().forEach(compare)
  if (tree.size !== size || !tree.root().equals(checkpoint.root)) mistakes.push('root')
  return mistakes
}

/** What was signed last by the account that lies with the keys. */
export function remembered({ folders }: LogWorld): SignedCheckpoint | undefined {
  const path = join(folders.keys, 'last-signed')
  return existsSync(path) ? parseSignedCheckpoint(readFileSync(path)) : undefined
}
