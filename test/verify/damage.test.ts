import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type DataFolder, openDataFolder } from '../../server/data-folder.ts'
import { HASH_BYTES, leafHash } from '../../server/seal/hashes.ts'
import { completeRoot } from '../../server/seal/proofs.ts'
import { temporaryFolder } from '../support/folder.ts'
import { randomOf } from '../support/random.ts'
import { type Damage, damage, isOutgrown, kinds, targets } from './mutations.ts'
import { change, copyOf, makeEvidence, SIZE, verified } from './world.ts'

/** `VERIFY_MUTATIONS=1000 VERIFY_SEED=… node --test test/verify/damage.test.ts` */
const MUTATIONS = Number(process.env.VERIFY_MUTATIONS ?? 40)
const SEED = Number(process.env.VERIFY_SEED ?? Math.floor(Math.random() * 2 ** 31))

test(`each of ${MUTATIONS} damages is found, and its place is named (VERIFY_SEED=${SEED})`, async (t) => {
  const { folder: whole, vkey } = await makeEvidence(t)
  const { findings, verification } = await verified(whole, { vkey })
  assert.deepEqual([findings.first, findings.unchecked, verification.entries], [[], [], SIZE])

  const random = randomOf(SEED)
  const path = join(temporaryFolder(t), 'data')
  for (let round = 0; round < MUTATIONS; ) {
    rmSync(path, { recursive: true, force: true })
    cpSync(whole.path, path, { recursive: true })
    const folder = openDataFolder(path)
    const target = targets[round % targets.length] ?? targets[0]
    const done = damage(folder, target, random.pick(kinds), random)
    if (done === undefined) continue
    const outgrown = done.kind !== 'remove' && isOutgrown(folder, done.file)
    const { findings: found } = await verified(folder, { vkey: random.chance(0.5) ? vkey : undefined })
    const [first] = found.first
    const told = `round ${round}: ${JSON.stringify(done)} → ${JSON.stringify(found.first.slice(0, 3))}`
    assert.ok(first !== undefined, told)
    // A segment that is gone shows where the journal goes on without it.
    const isPlace = first.file === done.file || (isGone(done) && first.file?.startsWith(folder.journal))
    assert.ok(isPlace, told)
    assert.ok((first.byte ?? 0) <= done.byte, told)
    if (!outgrown) assert.equal(first.leaf, done.leaf, told)
    round += 1
  }
})

test(`several damages at once are bad evidence all the same (VERIFY_SEED=${SEED})`, async (t) => {
  const { folder: whole, vkey } = await makeEvidence(t)
  const random = randomOf(SEED + 1)
  const path = join(temporaryFolder(t), 'data')
  for (let round = 0; round < MUTATIONS / 4; round++) {
    rmSync(path, { recursive: true, force: true })
    cpSync(whole.path, path, { recursive: true })
    const folder = openDataFolder(path)
    const done: Damage[] = []
    while (done.length < 3) {
      const one = damage(folder, random.pick(targets), random.pick(kinds), random)
      if (one !== undefined) done.push(one)
    }
    const { findings } = await verified(folder, { vkey })
    assert.ok(findings.count > 0, `round ${round}: ${JSON.stringify(done)}`)
  }
})

test('an entry that was changed together with the hashes above it is found where the signed root stops fitting', async (t) => {
  const { folder: whole, vkey } = await makeEvidence(t)
  const forged = (levels: number): DataFolder => {
    const folder = copyOf(t, whole)
    const tile = (name: string): string => join(folder.logFolder, 'tile', name)
    change(tile('entries/001'), (bytes) => Buffer.from(bytes).fill('x', 2, 3))
    const entry = readFileSync(tile('entries/001'))
    const leaf = leafHash(entry.subarray(2, 2 + entry.readUInt16BE(0)))
    change(tile('0/001'), (bytes) => Buffer.concat([leaf, bytes.subarray(HASH_BYTES)]))
    const above = completeRoot(readFileSync(tile('0/001')))
    if (levels === 2)
      change(tile('1/000.p/2'), (bytes) => Buffer.concat([bytes.subarray(0, HASH_BYTES), above]))
    return folder
  }
  // The journal has it as it was signed; a copy of the log alone tells no more than that both were changed.
  const [first, second] = (await verified(forged(1), { vkey })).findings.first
  assert.deepEqual([first?.part, first?.leaf, first?.byte, second?.leaf], ['tree', 256, 0, 256])
  assert.match(first?.file ?? '', /tile\/entries\/001$/)
  assert.match(second?.file ?? '', /tile\/0\/001$/)
  assert.match(second?.message ?? '', /were changed together/)
  const all = (await verified(forged(2), { vkey })).findings.first
  assert.deepEqual([all[0]?.part, all[0]?.leaf], ['journal', 256])
})

/** Of the journal's last segment there may be nothing left, or a clean end. */
function isGone({ kind }: Damage): boolean {
  return kind === 'remove' || kind === 'truncate' || kind === 'delete'
}
