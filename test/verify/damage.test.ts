import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { Command } from 'commander'
import { verifyCommand } from '../../server/cli/verify.ts'
import { type DataFolder, openDataFolder } from '../../server/data-folder.ts'
import { HASH_BYTES, leafHash } from '../../server/seal/hashes.ts'
import { completeRoot } from '../../server/seal/proofs.ts'
import type { Finding } from '../../server/verify/findings.ts'
import { type Ran, run } from '../cli/world.ts'
import { temporaryFolder } from '../support/folder.ts'
import { randomOf } from '../support/random.ts'
import { damageIndex, type IndexDamage } from './index-mutations.ts'
import { type Damage, damage, isOutgrown, kinds, targets } from './mutations.ts'
import { change, copyOf, index, makeEvidence, SIZE, verified } from './world.ts'

/** `VERIFY_MUTATIONS=1000 VERIFY_SEED=… node --test test/verify/damage.test.ts` */
const MUTATIONS = Number(process.env.VERIFY_MUTATIONS ?? 40)
const SEED = Number(process.env.VERIFY_SEED ?? Math.floor(Math.random() * 2 ** 31))
const damaged = [...targets, 'index'] as const

test(`after each of ${MUTATIONS} damages to journal, log or index verify exits 1 and names the place (VERIFY_SEED=${SEED})`, async (t) => {
  const { folder: whole, vkey } = await makeEvidence(t)
  await index(whole)
  const verify = async ({ path }: DataFolder, ...args: string[]): Promise<Ran & { findings: Finding[] }> => {
    const ran = await run(['verify', '--data-dir', path, '--json', ...args], {}, (surroundings) =>
      new Command('playtrail').addCommand(verifyCommand(surroundings))
    )
    return { ...ran, findings: JSON.parse(ran.stdout).findings }
  }
  const { exitCode, stdout } = await verify(whole, '--vkey', vkey, '--index')
  assert.equal(exitCode, 0, stdout)
  assert.equal(JSON.parse(stdout).entries, SIZE)

  const random = randomOf(SEED)
  const path = join(temporaryFolder(t), 'data')
  const counts = new Map<string, number>()
  for (let round = 0; round < MUTATIONS; ) {
    rmSync(path, { recursive: true, force: true })
    cpSync(whole.path, path, { recursive: true })
    const folder = openDataFolder(path)
    const target = damaged[round % damaged.length] ?? 'index'
    const kind = random.pick(kinds)
    const done =
      target === 'index' ? damageIndex(folder.index, kind, random) : damage(folder, target, kind, random)
    if (done === undefined) continue
    const outgrown = 'file' in done && done.kind !== 'remove' && isOutgrown(folder, done.file)
    const withKey = random.chance(0.5) ? ['--vkey', vkey] : []
    const ran = await verify(folder, ...withKey, ...(target === 'index' ? ['--index'] : []))
    const told = `round ${round}: ${target} ${inspect(done)} → ${ran.exitCode} ${JSON.stringify(ran.findings.slice(0, 3))} ${ran.stderr}`
    assert.equal(ran.exitCode, 1, told)
    const [first] = ran.findings
    assert.ok(first !== undefined, told)
    if ('file' in done) assertPlace(done, first, { folder, outgrown, told })
    else assertNamed(done, first, { folder, told })
    counts.set(`${target} ${kind}`, (counts.get(`${target} ${kind}`) ?? 0) + 1)
    round += 1
  }
  t.diagnostic(
    [...counts]
      .sort()
      .map((one) => one.join(': '))
      .join(', ')
  )
})

/** A finding in the file that was damaged, no further on than where it was damaged, and about its leaf. */
function assertPlace(
  done: Damage,
  found: Finding,
  { folder, outgrown, told }: { folder: DataFolder; outgrown: boolean; told: string }
): void {
  // A segment that is gone shows where the journal goes on without it.
  const isPlace = found.file === done.file || (isGone(done) && found.file?.startsWith(folder.journal))
  assert.ok(isPlace, told)
  assert.ok((found.byte ?? 0) <= done.byte, told)
  if (!outgrown) assert.equal(found.leaf, done.leaf, told)
}

/** A finding about a record that the damaged row was made of, or about the document by its name. */
function assertNamed(
  { records, ids, cutTo }: IndexDamage,
  { file, leaf, byte, message }: Finding,
  { folder, told }: { folder: DataFolder; told: string }
): void {
  assert.equal(file, folder.index, told)
  const isNamed = records.has(leaf ?? -1) || ids.some((id) => message.includes(id))
  assert.ok(cutTo === undefined ? isNamed : byte === cutTo || /damaged/.test(message), told)
}

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
