import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDataFolder } from '../../server/data-folder.ts'
import { temporaryFolder } from '../support/folder.ts'
import { randomOf } from '../support/random.ts'
import { type Damage, damage, isOutgrown, kinds, targets } from './mutations.ts'
import { makeEvidence, SIZE, verified } from './world.ts'

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

/** Of the journal's last segment there may be nothing left, or a clean end. */
function isGone({ kind }: Damage): boolean {
  return kind === 'remove' || kind === 'truncate' || kind === 'delete'
}
