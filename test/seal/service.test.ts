import assert from 'node:assert/strict'
import { appendFileSync, cpSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pino } from 'pino'
import { createToken } from '../../server/access.ts'
import { readConfig } from '../../server/config.ts'
import { decodeBundle } from '../../server/seal/bundle.ts'
import { openCheckpoint, type SignedCheckpoint } from '../../server/seal/checkpoint.ts'
import { type EventProof, verifyEventProof } from '../../server/seal/event-proof.ts'
import { HASH_BYTES, leafHash } from '../../server/seal/hashes.ts'
import { leafOf } from '../../server/seal/leaf.ts'
import { consistencyProof, type ReadTile, rootOf } from '../../server/seal/proofs.ts'
import { tilePath } from '../../server/seal/tile.ts'
import { decodeTlogProof, verifyTlogProof } from '../../server/seal/tlog-proof.ts'
import { verifyConsistency } from '../../server/seal/verify-proof.ts'
import { parseVkey, type VerifierKey } from '../../server/seal/vkey.ts'
import { type Service, startService } from '../../server/service.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, segmentPaths } from '../support/journal.ts'
import { START_RECORDS, STOP_RECORDS } from '../support/life.ts'
import { get, post, runningService } from '../support/service.ts'

async function send(service: Service, count: number): Promise<string> {
  const run = runId()
  for (let first = 0; first < count; first += 500) {
    const size = Math.min(500, count - first)
    const events = Array.from({ length: size }, (_, i) => resultEvent(run, first + i))
    const { status } = await post(service, ndjson(events))
    assert.equal(status, 200)
  }
  return run
}

async function keysOf(service: Service): Promise<VerifierKey[]> {
  const { body } = await get(service, '/v1/log/log.vkey')
  return (body as string).trim().split('\n').map(parseVkey)
}

/** The checkpoint, as a client asks for it, once the tree has so many leaves. */
async function checkpointAt(service: Service, size: number): Promise<SignedCheckpoint> {
  const keys = await keysOf(service)
  return await eventually(async () => {
    const { body } = await get(service, '/v1/log/checkpoint')
    const checkpoint = openCheckpoint(Buffer.from(body as string), keys)
    return checkpoint.size === size ? checkpoint : undefined
  })
}

async function bytesOf(service: Service, path: string): Promise<Buffer> {
  const response = await fetch(`${service.url}/v1/log/${path}`)
  assert.equal(response.status, 200, path)
  assert.equal(response.headers.get('content-type'), 'application/octet-stream')
  assert.match(response.headers.get('cache-control') ?? '', /immutable/)
  return Buffer.from(await response.arrayBuffer())
}

const tilesOf =
  (service: Service): ReadTile =>
  async (tile) => {
    const bytes = await bytesOf(service, tilePath(tile))
    assert.equal(bytes.length, tile.width * HASH_BYTES)
    return bytes
  }

test('what is acknowledged is in the log within seconds, and a client can follow it by its checkpoints', async (t) => {
  const service = await runningService(t)
  const atStart = await checkpointAt(service, START_RECORDS)
  assert.match(atStart.origin, new RegExp(`/playtrail/${service.folder.log}$`))
  await send(service, 300 - START_RECORDS)
  const first = await checkpointAt(service, 300)
  await send(service, 700)
  const second = await checkpointAt(service, 1_000)
  assert.ok((await rootOf(tilesOf(service), 1_000)).equals(second.root))
  verifyConsistency(first, second, await consistencyProof(tilesOf(service), 300, 1_000))
  const records = await allRecords(service.journal)
  for (const [index, width] of [
    [0, 256],
    [3, 232]
  ] as const) {
    const bytes = await bytesOf(service, tilePath({ level: 'entries', index, width }))
    const leaves = records.slice(index * 256, index * 256 + width).map(leafOf)
    assert.deepEqual(
      decodeBundle(bytes, width).map((entry) => entry.toString('utf8')),
      leaves.map((leaf) => leaf.toString('utf8'))
    )
  }
})

test('a partial tile that is gone from the disk is served from the one in its place', async (t) => {
  const service = await runningService(t)
  await send(service, 1_000 - START_RECORDS)
  await checkpointAt(service, 1_000)
  for (const [index, width] of [
    [0, 44],
    [3, 1],
    [3, 231]
  ] as const) {
    const hashes = await bytesOf(service, tilePath({ level: 0, index, width }))
    const entries = decodeBundle(await bytesOf(service, tilePath({ level: 'entries', index, width })), width)
    assert.deepEqual(entries.map(leafHash), chunks(hashes))
  }
})

function chunks(hashes: Buffer): Buffer[] {
  return Array.from({ length: hashes.length / HASH_BYTES }, (_, i) =>
    Buffer.from(hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))
  )
}

test('a tile that the log has not is not found, and neither is anything that is no tile', async (t) => {
  const service = await runningService(t)
  await send(service, 300 - START_RECORDS)
  await checkpointAt(service, 300)
  for (const path of [
    'tile/0/001',
    'tile/0/001.p/45',
    'tile/entries/001.p/45',
    'tile/0/002.p/1',
    'tile/1/000',
    'tile/2/000.p/1',
    'tile/0/0',
    'tile/0/..%2f..%2fcheckpoint',
    'tile/8/0/000'
  ]) {
    const { status, body } = await get(service, `/v1/log/${path}`)
    assert.deepEqual([status, body.code], [404, 'tile_not_found'], path)
  }
})

test('the proof of an event verifies against the public key alone, and says nothing of others', async (t) => {
  const service = await runningService(t)
  const run = await send(service, 300 - START_RECORDS)
  await checkpointAt(service, 300)
  const keys = await keysOf(service)
  for (const sequence of [0, 254, 255, 298]) {
    const path = `/v1/log/proof/${run}:${sequence}`
    const { body: file } = await get(service, path)
    const { body: document } = await get(service, `${path}?form=json`)
    const proof = document as EventProof
    assert.equal(proof.proof, file)
    assert.equal(verifyTlogProof(decodeTlogProof(Buffer.from(file)), Buffer.from(proof.leaf), keys).size, 300)
    assert.equal(verifyEventProof(proof, keys).size, 300)
    assert.equal(JSON.parse(proof.content).event.sequence, sequence)
    for (const changed of [
      { ...proof, content: proof.content.replace('alice', 'malice') },
      { ...proof, content: proof.content.replace('alice', 'alicf') },
      { ...proof, leaf: proof.leaf.replace('success', 'failure') },
      { ...proof, salt: Buffer.alloc(32).toString('base64') },
      { ...proof, event_id: `${run}:77` },
      { ...proof, index: 77 }
    ])
      assert.throws(() => verifyEventProof(changed, keys), { name: 'BadEvidence' })
  }
})

test('an event that nobody sent has no proof, and a form that is not known is refused', async (t) => {
  const service = await runningService(t)
  const run = await send(service, 1)
  const none = await get(service, `/v1/log/proof/${run}:1`)
  assert.deepEqual([none.status, none.body.code], [404, 'event_not_found'])
  const wrong = await get(service, `/v1/log/proof/${run}:0?form=xml`)
  assert.deepEqual([wrong.status, wrong.body.code], [400, 'parameter_invalid'])
})

test('the log is for readers', async (t) => {
  const service = await runningService(t)
  await send(service, 1)
  const reader = createToken(service.folder.tokens, 'me', 'reader', new Date())
  const sender = createToken(service.folder.tokens, 'ansible', 'sender', new Date())
  for (const path of ['checkpoint', 'log.vkey', 'tile/0/000.p/1', 'proof/x']) {
    assert.equal((await get(service, `/v1/log/${path}`)).status, 401, path)
    const answer = await get(service, `/v1/log/${path}`, { authorization: `Bearer ${sender}` })
    assert.equal(answer.status, 403, path)
  }
  const answer = await get(service, '/v1/log/checkpoint', { authorization: `Bearer ${reader}` })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('cache-control'), 'no-store')
})

test('a service that is stopped has sealed all that it acknowledged, and goes on with the same log', async (t) => {
  const path = temporaryFolder(t)
  const first = await runningService(t, path)
  await send(first, 1_200 - START_RECORDS - STOP_RECORDS)
  await first.stop()
  const vkey = readFileSync(join(path, 'log/log.vkey'), 'utf8')
  const stopped = openCheckpoint(readFileSync(join(path, 'log/checkpoint')), [parseVkey(vkey.trim())])
  assert.equal(stopped.size, 1_200)

  const second = await runningService(t, path)
  await send(second, 10 - START_RECORDS)
  const now = await checkpointAt(second, 1_210)
  assert.equal((await get(second, '/v1/log/log.vkey')).body, vkey)
  verifyConsistency(stopped, now, await consistencyProof(tilesOf(second), 1_200, 1_210))
  const ready = await get(second, '/readyz')
  assert.equal(ready.body.status, 'ready')
  assert.deepEqual([ready.body.log.size, ready.body.log.behind], [1_210, 0])
})

test('a start tells which records of the signing, or tiles, were missing and were made again', async (t) => {
  const path = temporaryFolder(t)
  const first = await runningService(t, path)
  await send(first, 300)
  await first.stop()
  const told = async (): Promise<string[]> => {
    const lines: { level: number; msg: string }[] = []
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
    const config = readConfig({ listen: '127.0.0.1:0', dataDir: path }, {})
    const service = await startService(config, log, () => undefined)
    await service.stop()
    return lines.map(({ msg }) => msg)
  }
  const cases: [removed: string[], told: RegExp[]][] = [
    [[], []],
    [['keys/last-signed'], [/keys\/last-signed was missing, and was written again/]],
    [['log/checkpoint'], [/log\/checkpoint was missing, and was written again/]],
    [['log/tile'], [/the tiles in .*\/log were missing, or not those of the journal/]],
    [['log'], [/log\/checkpoint was missing/, /the tiles in .*\/log were missing/]],
    [['log/checkpoint', 'keys/last-signed'], [/were missing, though the journal has 3\d\d records/]],
    [[], []]
  ]
  for (const [removed, expected] of cases) {
    for (const name of removed) rmSync(join(path, name), { recursive: true })
    const messages = await told()
    assert.equal(messages.length, expected.length, `${removed.join()}: ${messages.join('; ')}`)
    for (const [i, pattern] of expected.entries()) assert.match(messages[i] ?? '', pattern)
  }
})

async function refuses(dataDir: string, message: RegExp, more: { logOrigin?: string } = {}): Promise<void> {
  const config = readConfig({ listen: '127.0.0.1:0', dataDir, ...more }, {})
  const start = startService(config, pino({ level: 'silent' }), () => undefined)
  await assert.rejects(start, { name: 'Fatal', message })
}

test('damage at the end of the journal is no torn tail where the log knows that it was durable', async (t) => {
  const path = temporaryFolder(t)
  const service = await runningService(t, path)
  await send(service, 20 - START_RECORDS - STOP_RECORDS)
  await service.stop()
  // Nothing else remembers.
  for (const end of ['', '-wal', '-shm']) rmSync(join(path, `ids.sqlite${end}`), { force: true })
  const [segment = ''] = segmentPaths(service.folder)
  const bytes = readFileSync(segment)
  const { size } = statSync(segment)
  truncateSync(segment, size - 10)
  await refuses(path, /is damaged at byte \d+: expected record 19/)
  writeFileSync(segment, bytes.subarray(0, size - 10))
  appendFileSync(segment, Buffer.alloc(10))
  await refuses(path, /is damaged at byte \d+: expected record 19/)
  writeFileSync(segment, bytes)
  await (await runningService(t, path)).stop()
})

test('a journal that is not the one that was sealed stops the start', async (t) => {
  const path = temporaryFolder(t)
  const other = temporaryFolder(t)
  for (const folder of [path, other]) {
    const service = await runningService(t, folder)
    await send(service, 20 - START_RECORDS - STOP_RECORDS)
    await service.stop()
  }
  writeFileSync(join(path, 'playtrail.json'), readFileSync(join(other, 'playtrail.json')))
  rmSync(join(path, 'journal'), { recursive: true })
  cpSync(join(other, 'journal'), join(path, 'journal'), { recursive: true })
  await refuses(path, /the first 20 records of the journal give the root \S+, but \S+ was signed/)
})

test('the log keeps the name that it got at its first start', async (t) => {
  const path = temporaryFolder(t)
  const config = readConfig(
    { listen: '127.0.0.1:0', dataDir: path, logOrigin: 'audit.example.org/trail' },
    {}
  )
  const first = await startService(config, pino({ level: 'silent' }), () => undefined)
  assert.equal((await checkpointAt(first, START_RECORDS)).origin, 'audit.example.org/trail')
  await first.stop()
  await refuses(path, /the log is named audit\.example\.org\/trail/, {
    logOrigin: 'another.example.org/trail'
  })
  const again = await runningService(t, path)
  assert.equal(
    (await checkpointAt(again, 2 * START_RECORDS + STOP_RECORDS)).origin,
    'audit.example.org/trail'
  )
})

test('a log whose key is gone is not signed with another', async (t) => {
  const path = temporaryFolder(t)
  const service = await runningService(t, path)
  await service.stop()
  rmSync(join(path, 'keys'), { recursive: true })
  await refuses(path, /its key is not in/)
})

test('a data folder that is older than the log gets one with all its events', async (t) => {
  const path = temporaryFolder(t)
  const service = await runningService(t, path)
  await send(service, 600 - 2 * START_RECORDS - STOP_RECORDS)
  await service.stop()
  rmSync(join(path, 'keys'), { recursive: true })
  rmSync(join(path, 'log'), { recursive: true })
  const again = await runningService(t, path)
  const checkpoint = await checkpointAt(again, 600)
  assert.ok((await rootOf(tilesOf(again), 600)).equals(checkpoint.root))
})
