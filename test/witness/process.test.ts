import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { formatVkey } from '../../server/seal/vkey.ts'
import { logId } from '../../server/witness/newest-cosigned.ts'
import { newKey } from '../seal/keys.ts'
import { onEnd } from '../support/cleanup.ts'
import { runPlaytrail } from '../support/command.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type ServerProcess, startWitnessProcess } from '../support/server-process.ts'
import { runningWitness } from '../support/witness.ts'
import { cosignedAt, request, submit } from './client.ts'
import { type History, history } from './history.ts'

const key = newKey('audit.example.org/trail')
const logs = [formatVkey(key.verifier)]

async function witnessIn(t: TestContext, dataDir: string): Promise<ServerProcess> {
  const witness = await startWitnessProcess(dataDir, { logs })
  onEnd(t, () => witness.kill())
  return witness
}

function vkeyOf(witness: ServerProcess): string {
  return /"vkey":"([^"]+)"/.exec(witness.output())?.[1] ?? ''
}

test('playtrail witness prints its public key, cosigns, and ends with 0 on SIGTERM', async (t) => {
  const dataDir = join(temporaryFolder(t), 'deep', 'witness')
  const witness = await witnessIn(t, dataDir)
  cosignedAt(await submit(witness.url, request(key, 0, history(3))), key, history(3), vkeyOf(witness))
  assert.equal(await witness.stop(), 0)
  const output = witness.output()
  assert.match(output, /Its key was made, in .*witness\. Its public key/)
  assert.ok(output.includes(`\n  ${vkeyOf(witness)}\n`))
  const again = await witnessIn(t, dataDir)
  assert.equal(vkeyOf(again), vkeyOf(witness))
  assert.doesNotMatch(again.output(), /was made/)
})

test('settings that cannot be are named all at once, with 2; a folder in use ends it with 1', async (t) => {
  const wrong = await runPlaytrail(['witness', '--listen', 'here', '--name', 'a b'])
  assert.equal(wrong.status, 2)
  for (const flag of ['PLAYTRAIL_WITNESS_LOG', '--listen', '--name'])
    assert.match(wrong.stderr, new RegExp(`${flag}: expected`))
  const dataDir = temporaryFolder(t)
  await runningWitness(t, { logs, dataDir })
  const env = { PLAYTRAIL_WITNESS_LOG: logs[0], PLAYTRAIL_WITNESS_DATA_DIR: dataDir }
  const second = await runPlaytrail(['witness', '--listen', '127.0.0.1:0'], env)
  assert.equal(second.status, 1)
  assert.match(second.stderr, /another witness works on/)
})

test('of two requests at once that go on from the same size, exactly one is cosigned', async (t) => {
  const { url, vkey } = await runningWitness(t, { logs })
  let known = history(0)
  for (let round = 1; round <= 20; round++) {
    const shared = known.length
    const nexts = ['a', 'b', 'c'].map(
      (name, at): History => [
        ...known,
        ...Array.from({ length: 1 + ((at + round) % 3) }, (_, i) => `${name} ${round} ${i}`)
      ]
    )
    const answers = await Promise.all(nexts.map((next) => submit(url, request(key, shared, next))))
    const won = answers.findIndex(({ status }) => status === 200)
    known = nexts[won] ?? []
    assert.deepEqual(
      answers.map((answer, at) => (at === won ? 200 : answer)),
      answers.map((_, at) =>
        at === won ? 200 : { status: 409, type: 'text/x.tlog.size', text: `${known.length}\n` }
      )
    )
    cosignedAt(answers[won] ?? assert.fail('none was cosigned'), key, known, vkey)
  }
})

test('kill -9 in the middle of requests, again and again: what was cosigned is known after the next start', async (t) => {
  const dataDir = temporaryFolder(t)
  let cosigned = history(0)
  let vkey = ''
  for (let round = 0; round < 8; round++) {
    const witness = await witnessIn(t, dataDir)
    vkey ||= vkeyOf(witness)
    assert.equal(vkeyOf(witness), vkey)
    const path = `${witness.url}/checkpoint/${logId(key.verifier.name)}`
    const shown = await (await fetch(path)).text()
    const known = Number(/^\d+$/m.exec(shown)?.[0] ?? 0)
    assert.ok(known >= cosigned.length, `${known} of ${cosigned.length}`)
    // A log that goes back to what it was, and takes another way, from the first round on.
    const fork = [...history(Math.max(0, known - 1)), ...history(2, { shared: 0, name: `fork ${round}` })]
    if (known > 0) assert.equal((await submit(witness.url, request(key, known, fork))).status, 422)
    const sending = sendOn(witness.url, known)
    await wait(20 + 17 * round)
    await witness.kill()
    const last = await sending
    if (last > cosigned.length) cosigned = history(last)
  }
  assert.ok(cosigned.length > 8, `${cosigned.length} cosigned`)
  const kept = readFileSync(join(dataDir, 'checkpoints', logId(key.verifier.name)), 'utf8')
  assert.ok(Number(kept.split('\n')[1]) >= cosigned.length)

  /** Grows by one entry at a time for as long as it is answered; resolves with the size that was cosigned last. */
  async function sendOn(url: string, from: number): Promise<number> {
    let size = from
    for (;;) {
      const entries = history(size + 1)
      const answer = await submit(url, request(key, size, entries)).catch(() => undefined)
      if (answer === undefined) return size
      cosignedAt(answer, key, entries, vkey)
      size += 1
    }
  }
})
