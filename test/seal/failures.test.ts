import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCheckpoint, type SignedCheckpoint } from '../../server/seal/checkpoint.ts'
import { realLogDisk } from '../../server/seal/disk.ts'
import { consistencyProof } from '../../server/seal/proofs.ts'
import { readHashes } from '../../server/seal/tile-files.ts'
import { verifyConsistency } from '../../server/seal/verify-proof.ts'
import { parseVkey } from '../../server/seal/vkey.ts'
import type { Service } from '../../server/service.ts'
import { onEnd } from '../support/cleanup.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { START_RECORDS, STOP_RECORDS } from '../support/life.ts'
import { startServer } from '../support/server-process.ts'
import { get, post, runningService } from '../support/service.ts'

async function send(url: string, count: number): Promise<void> {
  const run = runId()
  const body = ndjson(Array.from({ length: count }, (_, i) => resultEvent(run, i)))
  const headers = { 'content-type': 'application/x-ndjson' }
  const { status } = await fetch(`${url}/v1/events`, { method: 'POST', body, headers })
  assert.equal(status, 200)
}

async function statusOf(service: Service): Promise<string> {
  return (await get(service, '/readyz')).body.status
}

function checkpointIn(dataDir: string): SignedCheckpoint {
  const vkey = readFileSync(join(dataDir, 'log/log.vkey'), 'utf8').trim()
  return openCheckpoint(readFileSync(join(dataDir, 'log/checkpoint')), [parseVkey(vkey)])
}

async function verifyGrowth(dataDir: string, old: SignedCheckpoint, now: SignedCheckpoint): Promise<void> {
  const proof = await consistencyProof(
    async ({ level, index, width }) =>
      readHashes(realLogDisk, join(dataDir, 'log'), now.size, Number(level), index).subarray(0, width * 32),
    old.size,
    now.size
  )
  verifyConsistency(old, now, proof)
}

/** Nothing can be signed as long as this is there: no file can be written where a folder is. */
function obstruct(dataDir: string): string {
  const path = join(dataDir, 'keys/last-signed.new')
  mkdirSync(path)
  return path
}

test('while the log cannot be written events are acknowledged, and it is caught up afterwards', async (t) => {
  const dataDir = temporaryFolder(t)
  const service = await runningService(t, dataDir)
  await send(service.url, 10 - START_RECORDS)
  await eventually(async () => service.sealer.size === 10 || undefined)
  const before = checkpointIn(dataDir)

  const obstacle = obstruct(dataDir)
  await send(service.url, 300)
  await eventually(async () => (await statusOf(service)) === 'log_failing' || undefined)
  await send(service.url, 10)
  const { body } = await get(service, '/metrics')
  assert.match(body, /^playtrail_log_failing 1$/m)
  assert.match(body, /^playtrail_log_behind_leaves 310$/m)

  rmSync(obstacle, { recursive: true })
  await eventually(async () => service.sealer.size === 320 || undefined)
  await eventually(async () => (await statusOf(service)) === 'ready' || undefined)
  await verifyGrowth(dataDir, before, checkpointIn(dataDir))
})

test('a log that is found to be another one while the service runs is not signed any more', async (t) => {
  const dataDir = temporaryFolder(t)
  const service = await runningService(t, dataDir)
  await send(service.url, 10 - START_RECORDS)
  await eventually(async () => service.sealer.size === 10 || undefined)

  const other = temporaryFolder(t)
  const donor = await runningService(t, other)
  await send(donor.url, 20 - START_RECORDS - STOP_RECORDS)
  await donor.stop()
  rmSync(join(dataDir, 'log'), { recursive: true })
  rmSync(join(dataDir, 'keys'), { recursive: true })
  renameSync(join(other, 'log'), join(dataDir, 'log'))
  renameSync(join(other, 'keys'), join(dataDir, 'keys'))
  const signed = readFileSync(join(dataDir, 'log/checkpoint'))
  // What was in memory is not believed after a failure, and what is on disk then does not fit.
  const obstacle = obstruct(dataDir)
  await send(service.url, 300)
  await eventually(async () => (await statusOf(service)) === 'log_failing' || undefined)
  rmSync(obstacle, { recursive: true })
  const error = await eventually(async () => {
    const { body } = await get(service, '/readyz')
    return /was signed/.test(body.log.error) ? (body.log.error as string) : undefined
  })
  assert.match(error, /the first 20 records of the journal give the root/)
  await send(service.url, 10)
  await service.stop()
  assert.ok(readFileSync(join(dataDir, 'log/checkpoint')).equals(signed))
})

test('a server that is killed at any time goes on with the log that it had published', async (t) => {
  const dataDir = temporaryFolder(t)
  let sent = 0
  let last: SignedCheckpoint | undefined
  for (let round = 0; round < 6; round++) {
    const server = await startServer(dataDir)
    onEnd(t, () => server.kill())
    const more = 100 + 130 * round
    const sending = send(server.url, more).then(() => send(server.url, more))
    const until = checkpointIn(dataDir).size + (round % 3) * 50
    await eventually(async () => checkpointIn(dataDir).size >= until || undefined)
    await sending
    sent += 2 * more
    await server.kill()
    const now = checkpointIn(dataDir)
    if (last !== undefined) await verifyGrowth(dataDir, last, now)
    last = now
  }
  const service = await runningService(t, dataDir)
  assert.ok(service.journal.end >= sent)
  await eventually(async () => service.sealer.size === service.journal.end || undefined)
  if (last !== undefined) await verifyGrowth(dataDir, last, checkpointIn(dataDir))
  const { body } = await post(service, ndjson([resultEvent(runId(), 0)]))
  assert.equal(body.accepted, 1)
})
