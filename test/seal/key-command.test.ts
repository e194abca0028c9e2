import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openCheckpoint } from '../../server/seal/checkpoint.ts'
import { parseVkey } from '../../server/seal/vkey.ts'
import { onEnd } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { startServer } from '../support/server-process.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))

function key(dataDir: string, command: string): string {
  const options = { encoding: 'utf8', stdio: 'pipe' } as const
  return execFileSync(process.execPath, [MAIN, 'key', command, '--data-dir', dataDir], options)
}

test('every start says the public keys, and a key that is added signs from the next start on', async (t) => {
  const dataDir = temporaryFolder(t)
  const first = await startServer(dataDir)
  onEnd(t, () => first.kill())
  const vkey = key(dataDir, 'list')
  assert.ok(parseVkey(vkey.trimEnd()))
  await eventually(async () => first.output().includes(vkey) || undefined)
  await first.stop()

  const added = key(dataDir, 'add')
  assert.equal(key(dataDir, 'list'), vkey + added)
  assert.equal(statSync(join(dataDir, 'keys/log-2.pem')).mode & 0o777, 0o600)
  const second = await startServer(dataDir)
  onEnd(t, () => second.kill())
  await eventually(async () => second.output().includes(added) || undefined)
  assert.ok(second.output().includes(vkey))
  assert.doesNotMatch(second.output(), /key was made/)
  await second.stop()
  const keys = [vkey, added].map((line) => parseVkey(line.trimEnd()))
  assert.equal(openCheckpoint(readFileSync(join(dataDir, 'log/checkpoint')), keys).verified.length, 2)
})
