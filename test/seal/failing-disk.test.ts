import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeKey } from '../../server/seal/keys.ts'
import { openSealing } from '../../server/seal/sealing.ts'
import { tilePath } from '../../server/seal/tile.ts'
import { tilesOf } from '../../server/seal/tile-files.ts'
import type { Operation } from '../support/disk-faults.ts'
import { temporaryFolder } from '../support/folder.ts'
import { MemoryDisk } from '../support/memory-disk.ts'
import { randomOf } from '../support/random.ts'
import { feed, type LogWorld, logWorld, ORIGIN, sealed } from './world.ts'

const SIZE = 300

/** A new disk with a key and nothing else. Its operations of this kind fail, from the next one on, with EIO as often as is asked for. */
function failingDisk(
  { folders }: LogWorld,
  operation: Operation
): { disk: MemoryDisk; fail(at: number): void } {
  const disk = new MemoryDisk(randomOf(1))
  makeKey(disk, folders.keys, ORIGIN)
  let left = Number.POSITIVE_INFINITY
  disk.faults = (of) => {
    if (of !== operation) return undefined
    left -= 1
    return left === 0 ? { code: 'EIO', when: 'before' } : undefined
  }
  return {
    disk,
    fail(at) {
      left = at
    }
  }
}

// A folder that is there already may be there for no longer than the next power cut.
test('whichever folder could not be synced at first, what is signed afterwards is durable', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  await world.add(SIZE)
  let failed = 0
  for (let at = 1; at === failed + 1; at++) {
    const { disk, fail } = failingDisk(world, 'sync directory')
    fail(at)
    await sealed(world, disk).catch((error: Error) => {
      assert.match(error.message, /EIO/)
      failed = at
    })
    fail(Number.POSITIVE_INFINITY)
    await sealed(world, disk)
    for (const path of ['checkpoint', ...[...tilesOf(SIZE)].map(tilePath)])
      assert.ok(disk.surviving(join(world.folders.log, path)), `${path}, after failure ${at}`)
  }
  assert.ok(failed > 5, `${failed} failures`)
  await world.close()
})

test('a key that the disk does not give is no damaged key: opening the log again helps', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  await world.add(3)
  const { disk, fail } = failingDisk(world, 'read')
  const open = (): unknown => openSealing({ disk, folders: world.folders, journalEnd: world.journal.end })
  for (const read of [1, 2]) {
    fail(read)
    assert.throws(open, { name: 'Error', code: 'EIO' })
  }
  const sealing = await sealed(world, disk)
  await feed(sealing, world)
  assert.equal(sealing.progress.size, 3)
  await world.close()
})
