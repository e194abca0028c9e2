import assert from 'node:assert/strict'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { formatAddCheckpoint } from '../../server/seal/add-checkpoint.ts'
import { logId } from '../../server/witness/newest-cosigned.ts'
import { runPlaytrail } from '../support/command.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { get, post, runningService } from '../support/service.ts'
import { runningWitness } from '../support/witness.ts'
import { submit } from './client.ts'

/** A service with so many events that are sealed. */
async function sealedService(t: TestContext, count: number, dataDir = temporaryFolder(t)) {
  const service = await runningService(t, dataDir)
  const run = runId()
  const add = async (from: number, to: number): Promise<void> => {
    const events = Array.from({ length: to - from }, (_, i) => resultEvent(run, from + i))
    assert.equal((await post(service, ndjson(events))).status, 200)
    await eventually(async () => (service.sealer.size >= to ? true : undefined))
  }
  await add(0, count)
  return { service, add }
}

test('the checkpoint that a witness has is one that verify goes on from, whatever the log says of itself', async (t) => {
  const { service, add } = await sealedService(t, 40)
  const vkey = service.logKeys.vkeys.trim()
  const witness = await runningWitness(t, { logs: [vkey] })
  const note = Buffer.from((await get(service, '/v1/log/checkpoint')).body as string)
  const answer = await submit(witness.url, formatAddCheckpoint({ oldSize: 0, proof: [], note }))
  assert.equal(answer.status, 200)
  await add(40, 70)

  const kept = join(temporaryFolder(t), 'checkpoint')
  const asked = `${witness.url}/checkpoint/${logId(service.logKeys.origin)}`
  writeFileSync(kept, await (await fetch(asked)).text())
  const verify = (url: string): ReturnType<typeof runPlaytrail> =>
    runPlaytrail(['verify', '--url', url, '--vkey', vkey, '--vkey', witness.vkey, '--since', kept])
  const proved = await verify(service.url)
  assert.equal(proved.status, 0, proved.stdout + proved.stderr)
  assert.match(proved.stdout, /the log continues all 1/)

  // Another history, signed with the real key: by itself it is a good log.
  const dataDir = temporaryFolder(t)
  for (const name of ['origin', 'log-1.pem'])
    cpSync(join(service.folder.keys, name), join(dataDir, 'keys', name), { recursive: true })
  const { service: rewritten } = await sealedService(t, 80, dataDir)
  assert.equal(rewritten.logKeys.vkeys.trim(), vkey)
  const found = await verify(rewritten.url)
  assert.equal(found.status, 1, found.stdout + found.stderr)
  assert.match(found.stdout, /old checkpoint: the log is not the continuation of this checkpoint/)
  // What the witness knows; a record of it is of the service itself.
  const oldSize = Number(note.toString().split('\n')[1])
  const again = Buffer.from((await get(rewritten, '/v1/log/checkpoint')).body as string)
  assert.equal(
    (await submit(witness.url, formatAddCheckpoint({ oldSize, proof: [], note: again }))).status,
    422
  )
})
