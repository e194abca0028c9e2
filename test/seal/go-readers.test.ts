import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { EventProof } from '../../server/seal/event-proof.ts'
import { formatVkey } from '../../server/seal/vkey.ts'
import { eventsOfRuns } from '../index/reconcile-world.ts'
import { runPlaytrail } from '../support/command.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { START_RECORDS } from '../support/life.ts'
import { get, post, runningService } from '../support/service.ts'
import { makeEvidence, SIZE } from '../verify/world.ts'
import { Crash, crashingDisk } from './faulty-disk.ts'
import { BUILD_MS_MAX, buildGoReaders, type GoReaders, whyNoGo } from './go-readers.ts'
import { newKey } from './keys.ts'
import { randomNumbers } from './random.ts'
import { type LogWorld, logWorld, ORIGIN, sealed } from './world.ts'

// Whether the log is what the specifications say is not for us to judge: other people's programs read it.

const skip = whyNoGo() ?? false
const SIZES = [0, 1, 255, 256, 257, 1_000, 65_535, 65_536, 65_537, 70_000]
const READ_MS_MAX = 240_000
const bin = mkdtempSync(join(tmpdir(), 'playtrail-go-'))
let go: GoReaders

before(
  async () => {
    if (skip === false) go = await buildGoReaders(bin)
  },
  { timeout: 2 * BUILD_MS_MAX }
)
after(() => rmSync(bin, { recursive: true, force: true }))

/** Both readers accept the log in the folder, with this tree. */
async function assertAccepted({ folders: { log } }: LogWorld, size: number): Promise<void> {
  const vkey = join(log, 'log.vkey')
  const root = readFileSync(join(log, 'checkpoint'), 'utf8').split('\n')[2]
  assert.equal(await go.readLog(log, vkey), `ok ${size} ${root}`)
  // It has nothing to say of a log without leaves.
  if (size > 0)
    assert.match(await go.fsck(pathToFileURL(log).href, vkey), /Successfully fsck'd log/, `${size}`)
}

test('other people’s readers accept the log at every size', { skip, timeout: READ_MS_MAX }, async (t) => {
  const world = await logWorld(temporaryFolder(t))
  for (const size of SIZES) {
    await world.add(size - world.journal.end)
    await sealed(world)
    await assertAccepted(world, size)
  }
  await world.close()
})

test('they accept it after any number of crashes and starts', { skip, timeout: READ_MS_MAX }, async (t) => {
  const seed = Number(process.env.SEAL_SEED ?? Date.now() % 1_000_000)
  const random = randomNumbers(seed)
  t.diagnostic(`SEAL_SEED=${seed}`)
  const world = await logWorld(temporaryFolder(t))
  let crashes = 0
  for (let start = 0; start < 60; start++) {
    await world.add(random(400))
    try {
      await sealed(world, crashingDisk(1 + random(40), random(2) === 0 ? 'before' : 'half-way'))
    } catch (error) {
      assert.ok(error instanceof Crash, String(error))
      crashes += 1
    }
    if (start % 20 === 19) {
      await sealed(world)
      await assertAccepted(world, world.journal.end)
    }
  }
  assert.ok(crashes > 5, `${crashes} crashes`)
  await world.close()
})

test('they refuse a log in which one bit of any file was flipped', {
  skip,
  timeout: READ_MS_MAX
}, async (t) => {
  const world = await logWorld(temporaryFolder(t))
  await world.add(300)
  await sealed(world)
  const { log } = world.folders
  const vkey = join(log, 'log.vkey')
  assert.match(await go.readLog(log, vkey), /^ok 300 /)
  for (const name of ['checkpoint', 'tile/0/000', 'tile/0/001.p/44', 'tile/1/000.p/1', 'tile/entries/000']) {
    const content = readFileSync(join(log, name))
    const changed = Buffer.from(content)
    changed[20] = (changed[20] ?? 0) ^ 1
    writeFileSync(join(log, name), changed)
    await assert.rejects(go.readLog(log, vkey), name)
    writeFileSync(join(log, name), content)
  }
  await world.close()
})

test('they read it over HTTP, and accept the proofs that the service makes', {
  skip,
  timeout: READ_MS_MAX
}, async (t) => {
  const service = await runningService(t)
  const folder = temporaryFolder(t)
  const run = runId()
  const sent = Array.from({ length: 600 - START_RECORDS }, (_, i) => resultEvent(run, i))
  assert.equal((await post(service, ndjson(sent))).status, 200)
  await eventually(async () => (service.sealer.size === 600 ? true : undefined))

  const vkey = join(folder, 'log.vkey')
  writeFileSync(vkey, (await get(service, '/v1/log/log.vkey')).body as string)
  const pairs: string[] = []
  for (const sequence of [0, 254, 255, 510, 511, 598]) {
    const { body } = await get(service, `/v1/log/proof/${run}:${sequence}?form=json`)
    const { proof, leaf } = body as EventProof
    for (const [name, content] of Object.entries({ proof, leaf })) {
      const path = join(folder, `${sequence}.${name}`)
      writeFileSync(path, content)
      pairs.push(path)
    }
  }
  const url = `${service.url}/v1/log`
  assert.match(await go.readLog(url, vkey, ...pairs), /^ok 600 /)
  assert.match(await go.fsck(`${url}/`, vkey), /Successfully fsck'd log/)
  const [proof = '', leaf = '', , other = ''] = pairs
  assert.match(await go.readLog(url, vkey, proof, leaf), /^ok 600 /)
  await assert.rejects(go.readLog(url, vkey, proof, other))
})

test('a proof that playtrail proof wrote is accepted by another reader, which gets nothing else to see', {
  skip,
  timeout: READ_MS_MAX
}, async (t) => {
  const { folder, vkey } = await makeEvidence(t)
  const output = temporaryFolder(t)
  const files: { proof: string; leaf: string }[] = []
  const ids = eventsOfRuns(50, 6).map(({ event }) => event.id)
  for (const at of [0, 255, 256, 511, 512, SIZE - 1]) {
    const args = ['proof', ids[at] ?? '', '--data-dir', folder.path, '--output', output]
    const { status, stdout, stderr } = await runPlaytrail(args)
    assert.equal(status, 0, stderr)
    const [document = '', proof = ''] = stdout.trim().split('\n')
    const leaf = join(output, `leaf-${files.length}`)
    writeFileSync(leaf, (JSON.parse(readFileSync(document, 'utf8')) as EventProof).leaf)
    files.push({ proof, leaf })
  }
  // Nobody needs more of us than these files.
  rmSync(folder.path, { recursive: true })
  for (const { proof, leaf } of files) assert.equal(await go.readProof(vkey, proof, leaf), 'ok')

  const [one = { proof: '', leaf: '' }, other = { proof: '', leaf: '' }] = files
  await assert.rejects(go.readProof(vkey, one.proof, other.leaf), /verification failed/)
  const stranger = join(output, 'stranger.vkey')
  writeFileSync(stranger, formatVkey(newKey(ORIGIN).verifier))
  await assert.rejects(go.readProof(stranger, one.proof, one.leaf))
  const text = readFileSync(one.proof, 'utf8')
  for (const changed of [
    text.replace('index 0', 'index 1'),
    text.replace(`\n${SIZE}\n`, `\n${SIZE + 1}\n`)
  ]) {
    assert.notEqual(changed, text)
    writeFileSync(one.proof, changed)
    await assert.rejects(go.readProof(vkey, one.proof, one.leaf))
  }
})
