import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { openCheckpoint, type SignedCheckpoint } from '../../server/seal/checkpoint.ts'
import type { SigningKey } from '../../server/seal/signing-key.ts'
import { formatVkey, parseVkey } from '../../server/seal/vkey.ts'
import { logId } from '../../server/witness/newest-cosigned.ts'
import { BUILD_MS_MAX, whyNoGo } from '../seal/go-readers.ts'
import { newKey } from '../seal/keys.ts'
import { temporaryFolder } from '../support/folder.ts'
import { runningWitness } from '../support/witness.ts'

// A log of other people's, Tessera, as a client of the witness: it publishes a checkpoint only when that is cosigned.

const run = promisify(execFile)
const TESSERA = 'github.com/transparency-dev/tessera/cmd/examples/posix-oneshot@v1.0.4'
const skip = whyNoGo() ?? false
const TEST_MS_MAX = 120_000
const REFUSED_MS = 5_000
const bin = mkdtempSync(join(tmpdir(), 'playtrail-tessera-'))

before(
  async () => {
    if (skip !== false) return
    const env = { ...process.env, GOBIN: bin, GOFLAGS: '-buildvcs=false' }
    await run('go', ['install', TESSERA], { timeout: BUILD_MS_MAX, env, cwd: bin })
  },
  { timeout: BUILD_MS_MAX }
)
after(() => rmSync(bin, { recursive: true, force: true }))

interface Log {
  /** Adds entries, and resolves when a checkpoint with them is published. */
  add(count: number, timeoutMs?: number): Promise<void>
  published(): SignedCheckpoint & { verified: unknown[] }
}

function tesseraLog(folder: string, key: SigningKey, witness: { url: string; vkey: string }): Log {
  const keyFile = join(folder, 'key')
  const policy = join(folder, 'policy')
  writeFileSync(keyFile, goKey(key), { mode: 0o600 })
  writeFileSync(policy, `witness w1 ${witness.vkey} ${witness.url}\nquorum w1\n`)
  let entries = 0
  return {
    async add(count, timeoutMs = TEST_MS_MAX) {
      const batch = randomUUID()
      for (let i = 0; i < count; i++)
        writeFileSync(join(folder, `${batch}-${i}.entry`), `${folder} ${entries++}`)
      const flags = {
        storage_dir: join(folder, 'log'),
        private_key: keyFile,
        entries: join(folder, `${batch}-*.entry`),
        witness_policy_file: policy
      }
      const asked = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
      await run(join(bin, 'posix-oneshot'), asked, { timeout: timeoutMs, killSignal: 'SIGKILL' })
    },
    published: () =>
      openCheckpoint(readFileSync(join(folder, 'log', 'checkpoint')), [key.verifier, parseVkey(witness.vkey)])
  }
}

/** The private key in the form of golang.org/x/mod/sumdb/note. */
function goKey({ verifier, privateKey }: SigningKey): string {
  const { d = '' } = privateKey.export({ format: 'jwk' })
  const secret = Buffer.concat([Buffer.of(1), Buffer.from(d, 'base64url')]).toString('base64')
  return `PRIVATE+KEY+${verifier.name}+${verifier.id.toString('hex')}+${secret}`
}

test('a log of Tessera gets its checkpoints cosigned, and a second history of it does not', {
  skip,
  timeout: TEST_MS_MAX
}, async (t) => {
  const key = newKey('audit.example.org/tessera')
  const logs = [formatVkey(key.verifier)]
  const witness = await runningWitness(t, { logs })
  const log = tesseraLog(temporaryFolder(t), key, witness)
  let size = 0
  for (const count of [1, 2, 300]) {
    await log.add(count)
    size += count
    const published = log.published()
    assert.equal(published.size, size)
    assert.equal(published.verified.length, 2, 'log and witness')
  }
  const newest = await fetch(`${witness.url}/checkpoint/${logId(key.verifier.name)}`)
  assert.match(await newest.text(), new RegExp(`^audit\\.example\\.org/tessera\\n${size}\\n`))

  // The same key, and other entries: at first fewer of them than the witness knows, then more.
  const fork = temporaryFolder(t)
  await assert.rejects(
    tesseraLog(fork, key, witness).add(1, REFUSED_MS),
    /x\.tlog\.size 303, larger than log size/
  )
  await tesseraLog(fork, key, await runningWitness(t, { logs, name: 'witness.example/w2' })).add(400)
  await assert.rejects(tesseraLog(fork, key, witness).add(1, REFUSED_MS), /the consistency proof is bad: 422/)

  await log.add(5)
  assert.equal(log.published().size, size + 5)
})
