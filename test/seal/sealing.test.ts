import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { realLogDisk } from '../../server/seal/disk.ts'
import { makeKey } from '../../server/seal/keys.ts'
import { formatNote } from '../../server/seal/note.ts'
import { consistencyProof, type ReadTile } from '../../server/seal/proofs.ts'
import { cosignText } from '../../server/seal/signing-key.ts'
import { tileAt, tilePath } from '../../server/seal/tile.ts'
import { tilesOf } from '../../server/seal/tile-files.ts'
import { verifyConsistency } from '../../server/seal/verify-proof.ts'
import { temporaryFolder } from '../support/folder.ts'
import { Crash, crashingDisk } from './faulty-disk.ts'
import { newKey } from './keys.ts'
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

/** Reads a tile as a client does: the partial one, or what there is in its place. */
function tilesIn({ folders }: LogWorld, size: number): ReadTile {
  return async ({ level, index, width }) => {
    const tile = tileAt(size, level, index)
    assert.ok(tile !== undefined)
    return readFileSync(join(folders.log, tilePath(tile))).subarray(0, width * 32)
  }
}

test('the log of an empty journal is signed too', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  await sealed(world)
  assert.equal(published(world)?.size, 0)
  assert.deepEqual(await mistakesOf(world), [])
  await world.close()
})

test('the log holds the leaf of every record, at every size, and goes on after every start', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  const before: { size: number; root: Buffer }[] = []
  for (const more of [1, 1, 253, 1, 1, 254, 1, 489, 600, 0]) {
    await world.add(more)
    await sealed(world)
    const now = published(world)
    assert.ok(now?.size === world.journal.end, `${now?.size} of ${world.journal.end}`)
    assert.deepEqual(await mistakesOf(world), [], `size ${now.size}`)
    for (const old of before) {
      const proof = await consistencyProof(tilesIn(world, now.size), old.size, now.size)
      verifyConsistency(old, now, proof)
    }
    before.push(now)
  }
  await world.close()
})

test('no partial tile is left where there is a full one, and none is removed that may still be asked for', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  for (const more of [100, 100, 100, 10]) {
    await world.add(more)
    await sealed(world)
  }
  const entries = readdirSync(join(world.folders.log, 'tile/entries'))
  assert.deepEqual(entries.sort(), ['000', '001.p'])
  assert.deepEqual(readdirSync(join(world.folders.log, 'tile/0/001.p')).sort(), ['44', '54'])
  await world.close()
})

test('the key and what it signed last are for their owner alone', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  await sealed(world)
  const { keys } = world.folders
  assert.equal(statSync(keys).mode & 0o777, 0o700)
  for (const name of readdirSync(keys)) assert.equal(statSync(join(keys, name)).mode & 0o777, 0o600, name)
  await world.close()
})

// What is on disk after each change that is made to it: all of these have to be good beginnings. What is there
// after a step is what is there before the next.
for (const when of ['before', 'half-way'] as const) {
  test(`a process that ends ${when} any step of sealing leaves a log that goes on`, async (t) => {
    let isThrough = false
    for (let step = 1; !isThrough; step++) {
      const world = await logWorld(join(temporaryFolder(t), 'data'))
      await world.add(250)
      await sealed(world)
      await world.add(10)
      const disk = crashingDisk(step, when)
      try {
        await sealed(world, disk)
        isThrough = true
      } catch (error) {
        assert.ok(error instanceof Crash, String(error))
      }
      const name = `${step}: ${disk.steps.at(-1)}`
      const seen = published(world)
      assert.ok(seen !== undefined, name)
      assert.deepEqual(await mistakesOf(world), [], `what was published, ${name}`)
      const signed = remembered(world)
      assert.ok(signed !== undefined && signed.size >= seen.size, name)

      await world.add(500)
      await sealed(world)
      const now = published(world)
      assert.equal(now?.size, 760, name)
      assert.deepEqual(await mistakesOf(world), [], name)
      for (const old of [seen, signed])
        verifyConsistency(old, now, await consistencyProof(tilesIn(world, 760), old.size, 760))
      await world.close()
      if (isThrough) assert.ok(step > 20, `${step} steps`)
    }
  })

  test(`a process that ends ${when} any step of the first start leaves a log that goes on`, async (t) => {
    let isThrough = false
    for (let step = 1; !isThrough; step++) {
      const world = await logWorld(join(temporaryFolder(t), 'data'))
      await world.add(3)
      try {
        await sealed(world, crashingDisk(step, when))
        isThrough = true
      } catch (error) {
        assert.ok(error instanceof Crash, String(error))
      }
      await sealed(world)
      assert.equal(published(world)?.size, 3)
      assert.deepEqual(await mistakesOf(world), [], `step ${step}`)
      await world.close()
    }
  })
}

test('whatever is missing or torn in log/ is made again from the journal, and is what was signed', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  await world.add(700)
  await sealed(world)
  const { log } = world.folders
  const before = published(world)
  const paths = [...tilesOf(700)].map((tile) => join(log, tilePath(tile)))
  assert.equal(paths.length, 3 + 1 + 3)
  for (const path of paths) {
    const content = readFileSync(path)
    const flipped = Buffer.from(content)
    flipped[40] = (flipped[40] ?? 0) ^ 4
    for (const damage of [undefined, content.subarray(0, 33), Buffer.alloc(0), flipped]) {
      if (damage === undefined) rmSync(path)
      else writeFileSync(path, damage)
      await sealed(world)
      assert.ok(readFileSync(path).equals(content), path)
      assert.deepEqual(published(world), before)
    }
  }
  rmSync(log, { recursive: true })
  await sealed(world)
  assert.deepEqual(published(world), before)
  assert.deepEqual(await mistakesOf(world), [])
  assert.ok(!existsSync(join(log, 'remade')))
  await world.close()
})

for (const when of ['before', 'half-way'] as const) {
  test(`a process that ends ${when} any step of making the log again leaves one that is made again`, async (t) => {
    const world = await logWorld(temporaryFolder(t))
    await world.add(600)
    await sealed(world)
    const before = contentOf(world.folders.log)
    const damaged = join(world.folders.log, 'tile/entries/001')
    let isThrough = false
    for (let step = 1; !isThrough; step++) {
      writeFileSync(damaged, '')
      try {
        await sealed(world, crashingDisk(step, when))
        isThrough = true
      } catch (error) {
        assert.ok(error instanceof Crash, String(error))
      }
      await sealed(world)
      for (const [path, content] of before)
        assert.equal(readFileSync(path, 'base64'), content, `${step}: ${path}`)
      if (isThrough) assert.ok(step > 15, `${step} steps`)
    }
    await world.close()
  })
}

test('a journal in which a record was changed is not sealed any more, and the log keeps what it was', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  await world.add(17_000)
  await sealed(world)
  const before = contentOf(world.folders.log)
  await world.close()

  const other = await logWorld(temporaryFolder(t))
  await other.add(18_000)
  const changed = { ...other, folders: world.folders }
  const sealing = sealingOf(changed)
  await assert.rejects(feed(sealing, changed), { name: 'Fatal', message: /is not the one that was sealed/ })
  sealing.seal()
  rmSync(join(world.folders.log, 'remade'), { recursive: true })
  assert.deepEqual(contentOf(world.folders.log), before)
  await other.close()
})

/** Every file of a folder, by its path. */
function contentOf(folder: string): Map<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
  const files = paths.filter((path) => statSync(path).isFile())
  return new Map(files.map((path) => [path, readFileSync(path, 'base64')]))
}

test('a journal that is shorter than what was signed is not sealed any more', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  await world.add(300)
  await sealed(world)
  await world.close()
  const other = await logWorld(temporaryFolder(t))
  await other.add(299)
  assert.throws(() => sealingOf({ ...other, folders: world.folders }), {
    name: 'Fatal',
    message: /has 299 records, but 300 were signed/
  })
  await other.close()
})

test('two trees of one size, both signed, stop the start', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  const other = await logWorld(temporaryFolder(t))
  for (const each of [world, other]) {
    rmSync(each.folders.keys, { recursive: true })
    makeKey(realLogDisk, each.folders.keys, 'audit.example.org/trail')
  }
  const key = readFileSync(join(world.folders.keys, 'log-1.pem'))
  writeFileSync(join(other.folders.keys, 'log-1.pem'), key)
  for (const each of [world, other]) {
    await each.add(5)
    await sealed(each)
  }
  writeFileSync(join(world.folders.log, 'checkpoint'), readFileSync(join(other.folders.log, 'checkpoint')))
  assert.throws(() => sealingOf(world), { name: 'Fatal', message: /two histories/ })
  await world.close()
  await other.close()
})

test('an older copy of keys/ does not make the log forget what it published', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  await world.add(5)
  await sealed(world)
  const older = readFileSync(join(world.folders.keys, 'last-signed'))
  await world.add(5)
  await sealed(world)
  writeFileSync(join(world.folders.keys, 'last-signed'), older)
  assert.equal(sealingOf(world).progress.size, 10)
  await world.close()
})

test('what was signed and is changed or cut stops the start', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  await world.add(5)
  await sealed(world)
  for (const path of [join(world.folders.keys, 'last-signed'), join(world.folders.log, 'checkpoint')]) {
    const good = readFileSync(path)
    truncateSync(path, good.length - 10)
    assert.throws(() => sealingOf(world), { name: 'Fatal', message: /is not what this log signed/ })
    writeFileSync(path, good.toString('utf8').replace('\n5\n', '\n4\n'))
    assert.throws(() => sealingOf(world), { name: 'Fatal', message: /is not what this log signed/ })
    writeFileSync(path, good)
  }
  rmSync(join(world.folders.keys, 'log-1.pem'))
  makeKey(realLogDisk, world.folders.keys, 'audit.example.org/trail')
  assert.throws(() => sealingOf(world), { name: 'Fatal', message: /is not what this log signed/ })
  await world.close()
})

test('a second key signs beside the first from the next start on', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  await world.add(5)
  await sealed(world)
  const [first = ''] = readFileSync(join(world.folders.log, 'log.vkey'), 'utf8').split('\n')
  makeKey(realLogDisk, world.folders.keys, 'audit.example.org/trail')
  await sealed(world)
  const vkeys = readFileSync(join(world.folders.log, 'log.vkey'), 'utf8').trim().split('\n')
  assert.equal(vkeys.length, 2)
  assert.equal(vkeys[0], first)
  assert.equal(published(world)?.note.signatures.length, 2)

  rmSync(join(world.folders.keys, 'log-1.pem'))
  await world.add(5)
  await sealed(world)
  assert.equal(readFileSync(join(world.folders.log, 'log.vkey'), 'utf8'), `${vkeys[1]}\n`)
  assert.equal(published(world)?.size, 10)
  assert.ok(existsSync(join(world.folders.keys, 'log-2.pem')))
  await world.close()
})

test('signatures of witnesses are published with the checkpoint that they are for, and survive a start', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  await world.add(5)
  const sealing = await sealed(world)
  const text = published(world)?.note.text ?? ''
  const witness = newKey('witness.example.net', 'cosignature/v1')
  for (const seconds of [1_770_000_000, 1_770_000_060])
    sealing.addSignatures({ text, signatures: [cosignText(witness, text, seconds)] })
  const before = published(world)?.note
  assert.deepEqual(
    before?.signatures.map(({ name }) => name),
    ['audit.example.org/trail', 'witness.example.net']
  )
  assert.deepEqual(before?.signatures[1], cosignText(witness, text, 1_770_000_060))

  const again = await sealed(world)
  assert.deepEqual(published(world)?.note, before)
  assert.equal(again.progress.checkpoint, formatNote(before))
  await world.add(1)
  await feed(again, world)
  again.seal()
  again.addSignatures({ text, signatures: [cosignText(witness, text, 1_770_000_120)] })
  assert.equal(published(world)?.size, 6)
  assert.equal(published(world)?.note.signatures.length, 1)
  await world.close()
})
