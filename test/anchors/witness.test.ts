import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openDataFolder } from '../../server/data-folder.ts'
import { cosignatureSeconds } from '../../server/seal/cosignature.ts'
import { verifySignatures } from '../../server/seal/note.ts'
import { formatVkey, parseVkey } from '../../server/seal/vkey.ts'
import type { Service } from '../../server/service.ts'
import type { RunningWitness } from '../../server/witness/service.ts'
import { newKey } from '../seal/keys.ts'
import { runPlaytrail } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { get } from '../support/service.ts'
import { runningWitness } from '../support/witness.ts'
import { forge } from '../verify/forge.ts'
import { seal } from '../verify/world.ts'
import { type Fault, type FaultyDoor, faultyDoor } from './faulty-door.ts'
import {
  anchoredService,
  anchorOnce,
  checkpointOnce,
  copyFolder,
  type LogLine,
  refusal,
  sealedSize,
  send
} from './world.ts'

interface Witnessed {
  dataDir: string
  witness: RunningWitness
  door: FaultyDoor
  anchorWitness: string
}

/** A log that made its key, a witness that knows it, and a door before the witness. */
async function witnessed(t: TestContext): Promise<Witnessed> {
  const dataDir = temporaryFolder(t)
  const first = await anchoredService(t, { dataDir })
  await first.stop()
  const witness = await runningWitness(t, { logs: [first.logKeys.vkeys.trim()] })
  const door = await faultyDoor(t, witness.url)
  return { dataDir, witness, door, anchorWitness: `${witness.vkey}=${door.url}` }
}

const idOf = ({ vkey }: RunningWitness): string => parseVkey(vkey).id.toString('hex')

async function anchoredAt(service: Service, size: number): Promise<void> {
  await anchorOnce(service, (anchor) => anchor.error === undefined && anchor.size === size)
}

test('the witness’s signature is published with the checkpoint, and an auditor who knows its key counts it as an anchor', async (t) => {
  const { dataDir, witness, anchorWitness } = await witnessed(t)
  const service = await anchoredService(t, { dataDir, anchorWitness })
  await send(service, 300)
  await sealedSize(service)
  await send(service, 400)
  const size = await sealedSize(service)
  await anchoredAt(service, size)
  const { note } = await checkpointOnce(join(dataDir, 'log/checkpoint'), (checkpoint) =>
    checkpoint.note.signatures.some(({ name }) => name === 'witness.example/w1')
  )
  const [cosigned] = verifySignatures(note, [parseVkey(witness.vkey)])
  const seconds = cosignatureSeconds(cosigned?.signature.signature ?? Buffer.alloc(0))
  assert.ok(Math.abs((seconds ?? 0) - Date.now() / 1_000) < 60)
  assert.equal((await get(service, '/v1/log/checkpoint')).body.includes('— witness.example/w1 '), true)
  const { stdout, status } = await verify('--data-dir', dataDir, '--vkey', witness.vkey)
  assert.deepEqual([status, stdout.anchored, stdout.unanchored], [0, size, 0])
})

async function verify(...args: string[]): Promise<{ status: number | null; stdout: Verified }> {
  const { status, stdout } = await runPlaytrail(['verify', '--json', ...args])
  return { status, stdout: JSON.parse(stdout) as Verified }
}

interface Verified {
  anchored: number
  unanchored: number
  findings: { part: string; message: string; file: string }[]
}

test('what a witness cosigned last is kept beside the log, which has gone on since', async (t) => {
  const { dataDir, witness, door, anchorWitness } = await witnessed(t)
  const service = await anchoredService(t, { dataDir, anchorWitness })
  const old = join(temporaryFolder(t), 'checkpoint')
  cpSync(join(dataDir, 'log/checkpoint'), old)
  await send(service, 300)
  const size = await sealedSize(service)
  await anchoredAt(service, size)
  door.fault = 'fails before'
  await send(service, 20)
  const now = await sealedSize(service)
  await anchorOnce(service, ({ error }) => error !== undefined)
  for (const place of [
    ['--data-dir', dataDir],
    ['--log', join(dataDir, 'log')],
    ['--url', service.url]
  ]) {
    const { status, stdout } = await verify(...place, '--vkey', witness.vkey)
    assert.deepEqual([status, stdout.anchored, stdout.unanchored], [0, size, now - size], place[0])
  }
  const kept = await get(service, `/v1/log/witnessed/${idOf(witness)}`)
  assert.equal(kept.status, 200)
  assert.match(kept.body, new RegExp(`^\\S+\n${size}\n`))
  for (const key of ['00000000', 'checkpoint', '..%2fcheckpoint']) {
    const { status, body } = await get(service, `/v1/log/witnessed/${key}`)
    assert.deepEqual([status, body.code], [404, 'checkpoint_not_found'], key)
  }
  await service.stop()
  const wrong = newKey('witness.example/w1', 'cosignature/v1')
  const other = await verify('--data-dir', dataDir, '--vkey', formatVkey(wrong.verifier))
  assert.deepEqual([other.status, other.stdout.anchored], [0, 0])
  // A log that went back behind what the witness has seen.
  const log = join(dataDir, 'log')
  cpSync(old, join(log, 'checkpoint'))
  const back = await verify('--log', log, '--vkey', witness.vkey)
  const [finding] = back.stdout.findings
  assert.deepEqual(
    [back.status, finding?.part, finding?.file],
    [1, 'witnessed checkpoint', join(log, 'witnessed', idOf(witness))]
  )
})

const lossless: Fault[] = [
  'fails before',
  'fails after',
  'cuts before',
  'cuts after',
  'redirects',
  'never ends'
]

test('whatever becomes of a request, before the witness has it or after, the next ones are cosigned', async (t) => {
  const { dataDir, door, anchorWitness } = await witnessed(t)
  const lines: LogLine[] = []
  const service = await anchoredService(t, { dataDir, anchorWitness }, lines)
  for (const fault of lossless) {
    door.fault = fault
    await send(service, 30)
    const size = await sealedSize(service)
    const { status, anchor } = await anchorOnce(service, ({ error }) => error !== undefined)
    assert.equal(status, 'anchor_failing', fault)
    assert.ok(!(anchor.error ?? '').includes('fetch failed'), anchor.error)
    door.fault = 'none'
    await anchoredAt(service, size)
    assert.equal((await get(service, '/readyz')).body.status, 'ready', fault)
  }
  assert.equal(lines.filter(({ msg }) => msg.includes('is well again')).length, lossless.length)
})

test('a witness that hangs holds up neither another anchor, nor the sealing, nor the stop', async (t) => {
  const { dataDir, door, anchorWitness } = await witnessed(t)
  const anchorFile = join(temporaryFolder(t), 'checkpoint')
  const service = await anchoredService(t, { dataDir, anchorWitness, anchorFile })
  door.fault = 'hangs'
  const before = door.seen.length
  await send(service, 10)
  const size = await sealedSize(service)
  await checkpointOnce(anchorFile, (checkpoint) => checkpoint.size === size)
  assert.ok(door.seen.length > before - 1)
  const stopped = performance.now()
  await service.stop()
  assert.ok(performance.now() - stopped < 5_000)
})

test('a signature that is not the witness’s is not published', async (t) => {
  const { dataDir, witness } = await witnessed(t)
  const other = newKey('witness.example/other', 'cosignature/v1')
  const anchorWitness = `${formatVkey(other.verifier)}=${witness.url}`
  const service = await anchoredService(t, { dataDir, anchorWitness })
  const { status, anchor } = await anchorOnce(service, ({ error }) => error !== undefined)
  assert.deepEqual([status, anchor.target], ['anchor_failing', 'witness.example/other'])
  assert.match(anchor.error ?? '', /it did not sign with the key that is known/)
  assert.doesNotMatch((await get(service, '/v1/log/checkpoint')).body, /witness/)
})

test('a witness that does not know the log fails, and says so', async (t) => {
  const { dataDir } = await witnessed(t)
  const stranger = newKey('log.example/stranger')
  const witness = await runningWitness(t, { logs: [formatVkey(stranger.verifier)] })
  const service = await anchoredService(t, { dataDir, anchorWitness: `${witness.vkey}=${witness.url}` })
  const { anchor } = await anchorOnce(service, ({ error }) => error !== undefined)
  assert.match(anchor.error ?? '', /it answered 404: (?!\{).*log/)
})

/** Two lives of a log that is cosigned, and a copy of its folder in between. */
async function twoLives(t: TestContext): Promise<Witnessed & { older: string }> {
  const made = await witnessed(t)
  const older = join(temporaryFolder(t), 'older')
  for (const count of [100, 50]) {
    const service = await anchoredService(t, made)
    await send(service, count)
    await anchoredAt(service, await sealedSize(service))
    await service.stop()
    if (count === 100) copyFolder(made.dataDir, older)
  }
  return { ...made, older }
}

test('a folder that went back behind what the witness has seen does not start, nor when it cannot be asked again', async (t) => {
  const { dataDir, anchorWitness, door, older } = await twoLives(t)
  copyFolder(older, dataDir)
  const message = await refusal({ dataDir, anchorWitness })
  assert.match(message, /the witness witness\.example\/w1 does not agree with this data folder/)
  assert.match(message, /an older copy of the data folder was put in its place/)
  door.fault = 'fails before'
  assert.match(await refusal({ dataDir, anchorWitness }), /that was before, and now expected 200/)
})

test('a history that was rewritten and signed with the real key does not start', async (t) => {
  const { dataDir, anchorWitness } = await twoLives(t)
  const folder = openDataFolder(dataDir)
  forge(folder, 7, () => ({ sender: 'nobody' }))
  rmSync(folder.logFolder, { recursive: true })
  rmSync(join(folder.keys, 'last-signed'))
  await seal(folder)
  assert.match(await refusal({ dataDir, anchorWitness }), /does not accept that the log continues/)
})

test('a witness that cannot be asked does not keep the service from starting; what it knows stops the sealing later', async (t) => {
  const { dataDir, anchorWitness, door, older } = await twoLives(t)
  copyFolder(older, dataDir)
  door.fault = 'fails before'
  const service = await anchoredService(t, { dataDir, anchorWitness })
  const failing = await anchorOnce(service, ({ error }) => error !== undefined)
  assert.equal(failing.status, 'anchor_failing')
  door.fault = 'none'
  const { status } = await anchorOnce(service, ({ error }) =>
    /an older copy of the data folder/.test(error ?? '')
  )
  assert.equal(status, 'log_failing')
  const signed = readFileSync(join(dataDir, 'keys/last-signed'))
  // Fewer than the witness has seen: it could not be told from the true history by its length later.
  await send(service, 200)
  const { body } = await get(service, '/readyz')
  assert.match(body.log.error, /the witness witness\.example\/w1 does not agree with the log/)
  assert.ok(body.log.behind >= 200)
  await service.stop()
  assert.ok(readFileSync(join(dataDir, 'keys/last-signed')).equals(signed))
})

test('what a witness has contradicted is not signed by a later start, however long the journal has become', async (t) => {
  const { dataDir, anchorWitness, door, older } = await twoLives(t)
  copyFolder(older, dataDir)
  door.fault = 'fails before'
  const service = await anchoredService(t, { dataDir, anchorWitness })
  door.fault = 'none'
  await eventually(
    async () => /does not agree with the log/.test(service.sealer.lastError ?? '') || undefined
  )
  // More than the witness has seen: its length no longer tells it from the true history.
  await send(service, 1_000)
  await service.stop()
  const signed = readFileSync(join(dataDir, 'keys/last-signed'))
  for (const fault of ['none', 'fails before', 'hangs'] as const) {
    door.fault = fault
    assert.match(
      await refusal({ dataDir, anchorWitness }),
      /an older copy of the data folder was put in its place/
    )
    assert.ok(readFileSync(join(dataDir, 'keys/last-signed')).equals(signed), fault)
  }
})

test('where only the log went back, and the journal has all that the witness has seen, the service goes on', async (t) => {
  const { dataDir, anchorWitness, older } = await twoLives(t)
  copyFolder(join(older, 'log'), join(dataDir, 'log'))
  cpSync(join(older, 'keys/last-signed'), join(dataDir, 'keys/last-signed'))
  const service = await anchoredService(t, { dataDir, anchorWitness })
  await send(service, 1)
  await anchoredAt(service, await sealedSize(service))
})
