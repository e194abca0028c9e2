import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createToken } from '../../server/access.ts'
import { denialOf } from '../../server/permissions.ts'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { startServer } from '../support/server-process.ts'
import { get, runningService } from '../support/service.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const NOBODY = 65_534
const AS_NOBODY = ['setpriv', '--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups']
/** Another user's files can be made, and another user be, by root alone, on a machine where that one may read this program. */
const asRoot = {
  skip: isRunnable() ? false : 'it needs root, setpriv, and a folder that others may read'
}

function isRunnable(): boolean {
  return process.getuid?.() === 0 && asNobody('--version').status === 0
}

function asNobody(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const [program = '', ...before] = [...AS_NOBODY, process.execPath]
  const env = { PATH: process.env.PATH, NO_COLOR: '1' }
  return spawnSync(program, [...before, MAIN, ...args], { encoding: 'utf8', env, timeout: 60_000 })
}

function asMe(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { PATH: process.env.PATH, NO_COLOR: '1' }
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', env, timeout: 60_000 })
}

/** The stopped data folder of the user nobody. */
async function folderOfNobody(t: TestContext): Promise<string> {
  const dataDir = temporaryFolder(t)
  chownSync(dataDir, NOBODY, NOBODY)
  const server = await startServer(dataDir, { under: AS_NOBODY })
  onEnd(t, () => server.kill())
  assert.equal(await server.stop(), 0)
  return dataDir
}

test(
  'a file of another user in the data folder is named at the start, with whose it is and what to do',
  asRoot,
  async (t) => {
    const dataDir = await folderOfNobody(t)
    const [segment = ''] = readdirSync(join(dataDir, 'journal'))
    writeFileSync(join(dataDir, 'tokens.json'), '[]')
    const names = [
      'tokens.json',
      'index.sqlite',
      'ids.sqlite',
      'keys/log-1.pem',
      'keys/last-signed',
      'log/checkpoint'
    ]
    for (const name of [...names, 'quarantine', 'log', `journal/${segment}`]) {
      const path = join(dataDir, name)
      const mode = statSync(path).mode & 0o777
      chownSync(path, 0, 0)
      chmodSync(path, statSync(path).isDirectory() ? 0o700 : 0o600)
      const { status, stderr } = asNobody('serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir)
      assert.equal(status, 1, name)
      assert.ok(stderr.includes(`${path}: permission denied (it belongs to the user root)`), stderr)
      assert.match(stderr, /Run this as the user that owns the data folder/)
      assert.doesNotMatch(stderr, /defect|\n\s+at /, name)
      chownSync(path, NOBODY, NOBODY)
      chmodSync(path, mode)
    }
  }
)

test('whoever may not look into a data folder is told that, and not that it is none', asRoot, async (t) => {
  const dataDir = temporaryFolder(t)
  const server = await startServer(dataDir)
  onEnd(t, () => server.kill())
  await server.stop()
  chmodSync(dataDir, 0o700)
  const commands: [args: string[], status: number][] = [
    [['verify'], 2],
    [['proof', 'an-id'], 2],
    [['token', 'list'], 1],
    [['key', 'list'], 1],
    [['serve', '--listen', '127.0.0.1:0'], 1]
  ]
  for (const [args, status] of commands) {
    const ran = asNobody(...args, '--data-dir', dataDir)
    assert.equal(ran.status, status, ran.stderr)
    assert.match(ran.stderr, /permission denied \(\S+ belongs to the user root\)/, args[0])
    assert.doesNotMatch(ran.stderr, /is not a data folder|\n\s+at /, args[0])
  }
})

test(
  'tokens and keys that root makes in the folder of another user belong to that one',
  asRoot,
  async (t) => {
    const dataDir = await folderOfNobody(t)
    const ofRoot = (...args: string[]): void => assert.equal(asMe(...args, '--data-dir', dataDir).status, 0)
    ofRoot('token', 'create', '--role', 'reader', '--name', 'me')
    assert.equal(statSync(join(dataDir, 'tokens.json')).uid, NOBODY)
    ofRoot('token', 'revoke', 'me')
    assert.equal(statSync(join(dataDir, 'tokens.json')).uid, NOBODY)
    ofRoot('key', 'add')
    assert.equal(statSync(join(dataDir, 'keys/log-2.pem')).uid, NOBODY)
    const server = await startServer(dataDir, { under: AS_NOBODY })
    assert.equal(await server.stop(), 0)
  }
)

test('while the tokens cannot be read everybody is refused with 503, and /readyz says so', async (t) => {
  const service = await runningService(t)
  const token = createToken(service.folder.tokens, 'me', 'reader', new Date())
  const authorization = `Bearer ${token}`
  assert.equal((await get(service, '/v1/runs', { authorization })).status, 200)
  writeFileSync(service.folder.tokens, 'no tokens')
  const refused = await get(service, '/v1/runs', { authorization })
  assert.deepEqual([refused.status, refused.body.code], [503, 'tokens_unreadable'])
  assert.ok(!JSON.stringify(refused.body).includes(service.folder.path), 'where it lies is not for everybody')
  const ready = await get(service, '/readyz')
  assert.deepEqual([ready.status, ready.body.status], [503, 'tokens_unreadable'])
  writeFileSync(service.folder.tokens, '[]')
  assert.equal((await get(service, '/readyz')).body.status, 'ready')
})

test('a denial is found in the cause of an error, and in the words of one from another thread', () => {
  const words = "log: EACCES: permission denied, open '/no/such/folder/log/checkpoint'"
  const thread = Object.assign(new Error(words), { code: 'EACCES' })
  assert.match(
    denialOf(new Error('it failed', { cause: thread })) ?? '',
    /^\/no\/such\/folder\/log\/checkpoint: permission denied \(\/ belongs to /
  )
  assert.equal(denialOf(Object.assign(new Error("ENOENT: none, open '/x'"), { code: 'ENOENT' })), undefined)
})
