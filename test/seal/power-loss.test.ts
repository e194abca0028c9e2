import assert from 'node:assert/strict'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { SignedCheckpoint } from '../../server/seal/checkpoint.ts'
import { realLogDisk } from '../../server/seal/disk.ts'
import { consistencyProof, type ReadTile } from '../../server/seal/proofs.ts'
import { readHashes } from '../../server/seal/tile-files.ts'
import { verifyConsistency } from '../../server/seal/verify-proof.ts'
import { temporaryFolder } from '../support/folder.ts'
import { Crash } from './faulty-disk.ts'
import { powerLossDisk } from './power-loss-disk.ts'
import { randomNumbers } from './random.ts'
import {
  feed,
  type LogWorld,
  logWorld,
  mistakesOf,
  published,
  remembered,
  sealed,
  sealingOf
} from './world.ts'

const ROUNDS = Number(process.env.POWER_LOSSES ?? 100)

function tilesIn({ folders }: LogWorld, size: number): ReadTile {
  return async ({ level, index, width }) =>
    readHashes(realLogDisk, folders.log, size, Number(level), index).subarray(0, width * 32)
}

/** The world with the folders of its log in one that may lose its power; the journal has lost nothing. */
function inFolder(world: LogWorld, root: string): LogWorld {
  const folders = { log: join(root, 'log'), keys: join(root, 'keys') }
  cpSync(world.folders.keys, folders.keys, { recursive: true })
  return { ...world, folders }
}

// The order of durability: whenever the power goes, what was published is whole without any repair, the start
// after it goes on, and no checkpoint is ever published that does not follow from all before.
test(`after ${ROUNDS} power losses what was published is whole, and the log goes on`, async (t) => {
  const seed = Number(process.env.SEAL_SEED ?? Date.now() % 1_000_000)
  const random = randomNumbers(seed)
  t.diagnostic(`SEAL_SEED=${seed}`)
  const root = join(temporaryFolder(t), 'disk')
  mkdirSync(root)
  const world = inFolder(await logWorld(temporaryFolder(t)), root)
  const disk = powerLossDisk(root)
  const observed: SignedCheckpoint[] = []
  let seen: SignedCheckpoint | undefined
  let losses = 0
  for (let round = 0; round < ROUNDS; round++) {
    await world.add(random(4) === 0 ? random(300) : random(20))
    disk.crashAt(1 + random(70))
    try {
      const sealing = sealingOf(world, disk)
      await feed(sealing, world)
      sealing.seal()
      await world.add(random(20))
      await feed(sealing, world)
      sealing.seal()
    } catch (error) {
      assert.ok(error instanceof Crash, `round ${round}: ${error instanceof Error ? error.stack : error}`)
      losses += 1
    }
    const before = published(world)
    disk.losePower(random)
    const after = published(world)
    const name = `SEAL_SEED=${seed}, round ${round}`
    if (after === undefined) {
      assert.equal(seen, undefined, name)
      continue
    }
    assert.deepEqual(await mistakesOf(world), [], name)
    // Whoever read a checkpoint before the power went must not be told another story, now or later.
    if (before !== undefined) observed.push(before)
    for (const old of observed.slice(-20).filter(({ size }) => size <= after.size))
      verifyConsistency(old, after, await consistencyProof(tilesIn(world, after.size), old.size, after.size))
    assert.ok((seen?.size ?? 0) <= after.size, name)
    assert.ok((remembered(world)?.size ?? -1) >= after.size, `${name}: published before it was remembered`)
    seen = after
  }
  assert.ok(losses > ROUNDS / 4, `${losses} losses`)
  await sealed(world, disk)
  assert.equal(published(world)?.size, world.journal.end)
  assert.deepEqual(await mistakesOf(world), [])
  await world.close()
})
