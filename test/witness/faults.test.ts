import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type LogDisk, realLogDisk } from '../../server/seal/disk.ts'
import { formatVkey } from '../../server/seal/vkey.ts'
import { logId } from '../../server/witness/newest-cosigned.ts'
import type { RunningWitness } from '../../server/witness/service.ts'
import { newKey } from '../seal/keys.ts'
import { temporaryFolder } from '../support/folder.ts'
import { runningWitness } from '../support/witness.ts'
import { cosignedAt, problemCode, request, submit } from './client.ts'
import { history } from './history.ts'

const key = newKey('audit.example.org/trail')
const logs = [formatVkey(key.verifier)]
const changes = ['put', 'sync', 'rename', 'syncDirectory'] as const
type Change = (typeof changes)[number]

interface Fault {
  change: Change
  code: 'EIO' | 'ENOSPC'
  /** The change is made all the same. */
  isMade: boolean
}

/** A disk that fails while there is a fault. */
function faultyDisk(): LogDisk & { fault: Fault | undefined } {
  const wrapped = (change: Change) => {
    const real: (first: string, second: string & Uint8Array) => void = realLogDisk[change]
    return (first: string, second: string & Uint8Array): void => {
      const { fault } = disk
      const isNow = fault?.change === change
      if (!isNow || fault.isMade) real(first, second)
      if (isNow) throw Object.assign(new Error(`${fault.code}: a fault of the test`), { code: fault.code })
    }
  }
  const made = Object.fromEntries(changes.map((change) => [change, wrapped(change)]))
  const disk = { ...realLogDisk, ...made, fault: undefined as Fault | undefined }
  return disk
}

/** A witness that has cosigned 5 entries, on a disk that fails then. */
async function faultyWitness(t: TestContext, fault: Fault) {
  const dataDir = temporaryFolder(t)
  const disk = faultyDisk()
  const broken: unknown[] = []
  const witness = await runningWitness(t, { logs, dataDir, disk, onBroken: (error) => broken.push(error) })
  assert.equal((await submit(witness.url, request(key, 0, history(5)))).status, 200)
  disk.fault = fault
  const answer = await submit(witness.url, request(key, 5, history(8)))
  return { witness, dataDir, disk, broken, answer }
}

async function newest({ url }: RunningWitness): Promise<string> {
  const text = await (await fetch(`${url}/checkpoint/${logId(key.verifier.name)}`)).text()
  return text.split('\n')[1] ?? ''
}

const faults = changes.flatMap((change) => [
  { change, isMade: false },
  { change, isMade: true }
])

for (const { change, isMade } of faults) {
  const how = isMade ? 'is made and fails' : 'fails before it is made'
  test(`a full disk where ${change} ${how}: 503 without a cosignature, and it goes on when there is space`, async (t) => {
    const { witness, disk, broken, answer } = await faultyWitness(t, { change, isMade, code: 'ENOSPC' })
    assert.equal(answer.status, 503)
    assert.equal(problemCode(answer), 'checkpoint_not_kept')
    assert.doesNotMatch(answer.text, /—/)
    assert.equal(await newest(witness), '5', 'what is not durable is not shown')
    assert.equal((await submit(witness.url, request(key, 5, history(8)))).status, 503)
    disk.fault = undefined
    cosignedAt(await submit(witness.url, request(key, 5, history(9))), key, history(9), witness.vkey)
    assert.equal(await newest(witness), '9')
    assert.deepEqual(broken, [])
  })

  test(`a disk whose ${change} ${how} for another reason: 503 without a cosignature, ever again`, async (t) => {
    const { witness, dataDir, disk, broken, answer } = await faultyWitness(t, { change, isMade, code: 'EIO' })
    assert.equal(answer.status, 503)
    assert.doesNotMatch(answer.text, /—/)
    assert.equal(broken.length, 1)
    disk.fault = undefined
    assert.equal((await submit(witness.url, request(key, 5, history(8)))).status, 503)
    assert.equal((await fetch(`${witness.url}/healthz`)).status, 503)
    assert.equal(await newest(witness), '5')
    await witness.stop()

    const again = await runningWitness(t, { logs, dataDir })
    assert.equal(again.vkey, witness.vkey)
    const known = await newest(again)
    assert.ok(known === '5' || known === '8', known)
    const entries = history(10)
    cosignedAt(await submit(again.url, request(key, Number(known), entries)), key, entries, again.vkey)
  })
}

test('a first cosignature that could not be written down leaves a log of which nothing is known', async (t) => {
  const dataDir = temporaryFolder(t)
  const disk = faultyDisk()
  const first = await runningWitness(t, { logs, dataDir, disk })
  disk.fault = { change: 'sync', code: 'ENOSPC', isMade: false }
  assert.equal((await submit(first.url, request(key, 0, history(5)))).status, 503)
  await first.stop()
  const again = await runningWitness(t, { logs, dataDir })
  assert.equal((await submit(again.url, request(key, 0, history(3, { shared: 0 })))).status, 200)
})
