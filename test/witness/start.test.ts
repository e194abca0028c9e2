import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { formatVkey } from '../../server/seal/vkey.ts'
import { logId } from '../../server/witness/newest-cosigned.ts'
import { newKey } from '../seal/keys.ts'
import { temporaryFolder } from '../support/folder.ts'
import { runningService } from '../support/service.ts'
import { runningWitness } from '../support/witness.ts'
import { cosignedAt, request, submit } from './client.ts'
import { history } from './history.ts'

const ORIGIN = 'audit.example.org/trail'
const key = newKey(ORIGIN)
const logs = [formatVkey(key.verifier)]
const NEWEST = `checkpoints/${logId(ORIGIN)}`

/** The folder of a witness that cosigned 5 entries, and has stopped. */
async function folderOfWitness(t: TestContext): Promise<{ dataDir: string; vkey: string }> {
  const dataDir = temporaryFolder(t)
  const witness = await runningWitness(t, { logs, dataDir })
  assert.equal((await submit(witness.url, request(key, 0, history(5)))).status, 200)
  await witness.stop()
  return { dataDir, vkey: witness.vkey }
}

test('the first start makes a key for its owner alone; every later one has the same, and knows what was cosigned', async (t) => {
  const { dataDir, vkey } = await folderOfWitness(t)
  for (const name of ['witness.pem', 'witness.json', NEWEST])
    assert.equal(statSync(join(dataDir, name)).mode & 0o777, 0o600, name)
  assert.match(vkey, /^witness\.example\/w1\+[0-9a-f]{8}\+B/, 'type 0x04')
  const again = await runningWitness(t, { logs, dataDir, name: '' })
  assert.equal(again.vkey, vkey)
  assert.deepEqual(await submit(again.url, request(key, 0, history(5, { shared: 0 }))), {
    status: 409,
    type: 'text/x.tlog.size',
    text: '5\n'
  })
  cosignedAt(await submit(again.url, request(key, 5, history(6))), key, history(6), vkey)
})

test('each log has a memory of its own, and one that is watched later begins with nothing', async (t) => {
  const { dataDir } = await folderOfWitness(t)
  const other = newKey('other.example/log')
  const both = await runningWitness(t, { logs: [...logs, formatVkey(other.verifier)], dataDir })
  assert.equal((await submit(both.url, request(other, 0, history(2)))).status, 200)
  assert.equal((await submit(both.url, request(key, 5, history(7)))).status, 200)
  await both.stop()
  // Nothing of a log is forgotten because it was not watched for a while.
  const one = await runningWitness(t, { logs: [formatVkey(other.verifier)], dataDir })
  assert.equal((await submit(one.url, request(key, 7, history(8)))).status, 404)
  await one.stop()
  const again = await runningWitness(t, { logs, dataDir })
  assert.equal((await submit(again.url, request(key, 7, history(8)))).status, 200)
})

test('a witness without a name of its own is named after the host', async (t) => {
  const { vkey } = await runningWitness(t, { logs, name: '' })
  assert.match(vkey, /^[A-Za-z0-9.-]+\/playtrail\/witness\+/)
})

test('logs may be named in a file, one key a line', async (t) => {
  const other = newKey('other.example/log')
  const file = join(temporaryFolder(t), 'logs')
  writeFileSync(file, `${logs[0]}\n\n${formatVkey(other.verifier)}\n`)
  const { origins, url } = await runningWitness(t, { logs: [file] })
  assert.deepEqual(origins, [ORIGIN, 'other.example/log'])
  assert.equal((await submit(url, request(other, 0, history(1)))).status, 200)
})

test('what is no key of a log is refused at the start', async (t) => {
  const witnessKey = formatVkey(newKey('w.example', 'cosignature/v1').verifier)
  for (const [given, expected] of [
    [`${logs[0]}x`, /--log .*: expected a verifier key/],
    ['/nowhere/at/all', /--log: .*there is no file \/nowhere\/at\/all/],
    [witnessKey, /expected the key of a log; .* is the key of a witness/]
  ] as const)
    await assert.rejects(runningWitness(t, { logs: [given] }), expected)
})

test('a second witness on the same folder does not start, and the first one goes on', async (t) => {
  const dataDir = temporaryFolder(t)
  const first = await runningWitness(t, { logs, dataDir })
  await assert.rejects(runningWitness(t, { logs, dataDir }), /another witness works on .* Stop it/)
  assert.equal((await submit(first.url, request(key, 0, history(1)))).status, 200)
})

test('a witness keeps its name, and does not start in the folder of the service', async (t) => {
  const { dataDir } = await folderOfWitness(t)
  await assert.rejects(
    runningWitness(t, { logs, dataDir, name: 'another.example' }),
    /is named witness\.example\/w1 since its first start/
  )
  const service = await runningService(t)
  await assert.rejects(
    runningWitness(t, { logs, dataDir: service.folder.path }),
    /the data folder of the service itself/
  )
  assert.ok(!existsSync(join(service.folder.path, 'witness.json')))
})

test('a taken port is said, and the folder is free again', async (t) => {
  const dataDir = temporaryFolder(t)
  const { url } = await runningWitness(t, { logs })
  const listen = url.replace('http://', '')
  await assert.rejects(runningWitness(t, { logs, dataDir, listen }), /port \d+ on 127\.0\.0\.1 is taken/)
  await runningWitness(t, { logs, dataDir })
})

test('a key that others can read is refused', async (t) => {
  const { dataDir } = await folderOfWitness(t)
  chmodSync(join(dataDir, 'witness.pem'), 0o644)
  await assert.rejects(
    runningWitness(t, { logs, dataDir }),
    /witness\.pem has mode 644: others can read .*chmod 600/
  )
})

test('a folder of a newer Playtrail is refused', async (t) => {
  const { dataDir } = await folderOfWitness(t)
  writeFileSync(join(dataDir, 'witness.json'), '{"format":2,"name":"x","cosigned":[]}\n')
  await assert.rejects(runningWitness(t, { logs, dataDir }), /has format 2, .*a newer one wrote it/)
})

test('whatever is missing or damaged in the folder, it does not start, and says which file and what to do', async (t) => {
  const damages: [name: string, damage: (path: string) => void][] = [
    ['witness.json', (path) => rmSync(path)],
    ['witness.json', (path) => writeFileSync(path, '')],
    ['witness.json', (path) => writeFileSync(path, '{}')],
    ['witness.json', (path) => writeFileSync(path, '{"format":1,"name":"x","cosigned":[7]}')],
    ['witness.pem', (path) => rmSync(path)],
    ['witness.pem', (path) => writeFileSync(path, 'no key')],
    [NEWEST, (path) => rmSync(path)],
    [NEWEST, (path) => writeFileSync(path, '')],
    [NEWEST, (path) => writeFileSync(path, Buffer.alloc(readFileSync(path).length))],
    [NEWEST, (path) => writeFileSync(path, readFileSync(path).subarray(0, 100))],
    [NEWEST, (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('\n5\n', '\n4\n'))],
    [NEWEST, (path) => appendFileSync(path, 'x')],
    // As the log signed it, without the cosignature: not everybody's word for what was cosigned is taken.
    [NEWEST, (path) => writeFileSync(path, readFileSync(path, 'utf8').replace(/— witness\S+ \S+\n/, ''))]
  ]
  for (const [at, [name, damage]] of damages.entries()) {
    const { dataDir } = await folderOfWitness(t)
    damage(join(dataDir, name))
    const before = readdirSync(dataDir)
    await assert.rejects(runningWitness(t, { logs, dataDir, name: '' }), (error: Error) => {
      assert.equal(error.name, 'Fatal', `${at}: ${error.stack}`)
      assert.ok(error.message.includes(join(dataDir, name)), `${at}: ${error.message}`)
      assert.match(error.message, /[Rr]estore/, `${at}`)
      return true
    })
    assert.deepEqual(readdirSync(dataDir), before, 'nothing is made in place of what was lost')
  }
})

test('with the key of another witness it does not start', async (t) => {
  const { dataDir } = await folderOfWitness(t)
  const other = await folderOfWitness(t)
  writeFileSync(join(dataDir, 'witness.pem'), readFileSync(join(other.dataDir, 'witness.pem')))
  await assert.rejects(
    runningWitness(t, { logs, dataDir }),
    /is not what this witness cosigned of audit\.example\.org/
  )
})

test('the checkpoint of one log is not taken for that of another', async (t) => {
  const dataDir = temporaryFolder(t)
  const other = newKey('other.example/log')
  const both = [...logs, formatVkey(other.verifier)]
  const witness = await runningWitness(t, { logs: both, dataDir })
  for (const each of [key, other])
    assert.equal((await submit(witness.url, request(each, 0, history(2)))).status, 200)
  await witness.stop()
  writeFileSync(join(dataDir, NEWEST), readFileSync(join(dataDir, 'checkpoints', logId('other.example/log'))))
  await assert.rejects(
    runningWitness(t, { logs: both, dataDir }),
    /it is a checkpoint of other\.example\/log/
  )
})
