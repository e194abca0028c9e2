import assert from 'node:assert/strict'
import { test } from 'node:test'
import { realLogDisk } from '../../server/seal/disk.ts'
import { leafHash } from '../../server/seal/hashes.ts'
import { leafOf } from '../../server/seal/leaf.ts'
import { openSealing, type Sealing } from '../../server/seal/sealing.ts'
import { openTree } from '../../server/seal/tree.ts'
import { feed, type LogWorld, logWorld, published, remembered, sealed } from '../seal/world.ts'
import { type Ending, onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords } from '../support/journal.ts'

/** The root that the journal's first records give, in base64. */
async function rootAt({ journal }: LogWorld, size: number): Promise<string> {
  const tree = openTree()
  for (const record of (await allRecords(journal)).slice(0, size))
    tree.append(leafHash(leafOf(record)), () => undefined)
  return tree.root().toString('base64')
}

function opened(world: LogWorld, size: number, root: string): Sealing {
  const { folders, journal } = world
  const anchored = [{ size, root, place: '/mnt/checkpoint' }]
  return openSealing({ disk: realLogDisk, folders, journalEnd: journal.end, anchored })
}

/** A journal of 300 records, of which the first ones were signed. */
async function partlySigned(t: Ending, first: number): Promise<LogWorld> {
  const world = await logWorld(temporaryFolder(t))
  onEnd(t, () => world.close())
  if (first > 0) {
    await world.add(first)
    await sealed(world)
  }
  await world.add(300 - first)
  return world
}

for (const first of [0, 100, 250]) {
  test(`nothing is signed before the journal has shown what an anchor knows, where ${first} records were signed`, async (t) => {
    const world = await partlySigned(t, first)
    const before = remembered(world)
    const sealing = opened(world, 200, await rootAt(world, 200))
    assert.equal(sealing.progress.toCheck, Math.max(200, first))
    assert.equal(sealing.seal().size, first)
    assert.deepEqual(remembered(world), before)
    await feed(sealing, world)
    assert.equal(sealing.seal().size, 300)
    assert.equal(published(world)?.root.toString('base64'), await rootAt(world, 300))
  })

  test(`a journal that gives another root than an anchor knows is never signed, where ${first} records were signed`, async (t) => {
    const world = await partlySigned(t, first)
    const before = remembered(world)
    const sealing = opened(world, 200, await rootAt(world, 199))
    await assert.rejects(feed(sealing, world), {
      name: 'Fatal',
      message: /checkpoint has a checkpoint of 200 entries/
    })
    assert.equal(sealing.seal().size, first)
    assert.deepEqual(remembered(world), before)
  })
}
