import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { makeSecrets, readSecret, secretsIn } from '../../deploy/secrets.ts'
import { openSecurity } from '../../deploy/security.ts'
import { importDashboards, prepareElasticsearch, type Surroundings } from '../../deploy/steps.ts'
import { openAccess, readTokens, revokeToken } from '../../server/access.ts'
import { openDataFolder } from '../../server/data-folder.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type SecurityServer, securityServer } from './security-server.ts'

const SCRIPT = fileURLToPath(new URL('../../deploy/first-start.ts', import.meta.url))

interface Made {
  secretsDir: string
  dataDir: string
  said: string[]
  again(): void
}

function made(t: TestContext): Made {
  const secretsDir = temporaryFolder(t)
  const dataDir = temporaryFolder(t)
  const said: string[] = []
  const again = (): void => makeSecrets(secretsDir, dataDir, (line) => said.push(line))
  again()
  return { secretsDir, dataDir, said, again }
}

function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile()
  )
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [
      join(parentPath, name),
      readFileSync(join(parentPath, name), 'utf8')
    ])
  )
}

/** A started Elasticsearch, and what the commands that were run found in the key's file. */
async function started(
  t: TestContext,
  { secretsDir, said }: Made
): Promise<{ server: SecurityServer; surroundings: Surroundings; ran: { args: string[]; key: string }[] }> {
  const password = readSecret(secretsIn(secretsDir).elasticPassword)
  const server = await securityServer(t, password)
  const ran: { args: string[]; key: string }[] = []
  const surroundings: Surroundings = {
    secretsDir,
    security: openSecurity(server.url, password, { retryDelayMs: 1 }),
    playtrail: async (args, env) => {
      const [file = ''] = Object.values(env)
      assert.equal(statSync(file).mode & 0o777, 0o600)
      ran.push({ args, key: readSecret(file) })
    },
    say: (line) => said.push(line)
  }
  return { server, surroundings, ran }
}

test('the first start makes every secret in a file of mode 0600, and prints none', (t) => {
  const { secretsDir, dataDir, said } = made(t)
  const files = contents(secretsDir)
  assert.deepEqual(
    Object.keys(files)
      .map((file) => file.slice(secretsDir.length + 1))
      .sort(),
    [
      'admin/elastic.password',
      'admin/kibana.password',
      'kibana/kibana.yml',
      'playtrail/ansible.token',
      'playtrail/reader.token'
    ]
  )
  for (const [file, content] of Object.entries(files)) {
    assert.equal(statSync(file).mode & 0o777, 0o600, file)
    assert.ok(!said.join('\n').includes(content.trim()), file)
  }
  const access = openAccess(openDataFolder(dataDir).tokens, { isLoopback: false })
  const { ansibleToken, readerToken } = secretsIn(secretsDir)
  assert.equal(access.check(`Bearer ${readSecret(ansibleToken)}`, 'sender'), 'ansible')
  assert.equal(access.check(`Bearer ${readSecret(readerToken)}`, 'reader'), 'reader')
})

test("Kibana's configuration is YAML with the password that Elasticsearch is given for it", (t) => {
  const { kibanaConfiguration, kibanaPassword } = secretsIn(made(t).secretsDir)
  const configuration = parse(readFileSync(kibanaConfiguration, 'utf8'))
  assert.equal(configuration['elasticsearch.password'], readSecret(kibanaPassword))
  assert.equal(configuration['elasticsearch.username'], 'kibana_system')
  assert.ok(configuration['xpack.security.encryptionKey'].length >= 32)
})

test('a second start changes no secret and no token', (t) => {
  const { secretsDir, dataDir, again } = made(t)
  const before = { ...contents(secretsDir), ...contents(dataDir) }
  again()
  assert.deepEqual({ ...contents(secretsDir), ...contents(dataDir) }, before)
})

test('a token that was revoked, or whose file was taken away, is not made again', (t) => {
  const { secretsDir, dataDir, said, again } = made(t)
  const { tokens } = openDataFolder(dataDir)
  const { ansibleToken, readerToken } = secretsIn(secretsDir)
  revokeToken(tokens, 'ansible')
  rmSync(readerToken)
  again()
  assert.deepEqual(
    readTokens(tokens).map(({ name }) => name),
    ['reader']
  )
  assert.deepEqual(readdirSync(join(secretsDir, 'playtrail')), ['ansible.token'])
  assert.match(said.join('\n'), /ansible was revoked.*remove the file/s)

  rmSync(ansibleToken)
  revokeToken(tokens, 'reader')
  again()
  assert.equal(readTokens(tokens).length, 2, 'asked for in that way, both are made again')
})

test('with a new data folder the tokens are made anew, in the same files', (t) => {
  const { secretsDir, dataDir, again } = made(t)
  const { ansibleToken } = secretsIn(secretsDir)
  const before = readSecret(ansibleToken)
  for (const name of readdirSync(dataDir)) rmSync(join(dataDir, name), { recursive: true })
  again()
  assert.notEqual(readSecret(ansibleToken), before)
  const access = openAccess(openDataFolder(dataDir).tokens, { isLoopback: false })
  assert.equal(access.check(`Bearer ${readSecret(ansibleToken)}`, 'sender'), 'ansible')
})

test("Elasticsearch gets Kibana's password, the templates with a key that expires, and one key for Playtrail", async (t) => {
  const first = made(t)
  const { server, surroundings, ran } = await started(t, first)
  const { kibanaPassword, writerKey } = secretsIn(first.secretsDir)
  await prepareElasticsearch(surroundings)

  assert.equal(server.passwords.get('kibana_system'), readSecret(kibanaPassword))
  const [setup, writer] = server.keys
  assert.deepEqual(ran, [{ args: ['setup', 'elasticsearch'], key: setup?.encoded }])
  assert.deepEqual([setup?.name, setup?.expiration], ['playtrail-setup', '10m'])
  assert.deepEqual([writer?.name, writer?.expiration], ['playtrail-writer', undefined])
  assert.equal(readSecret(writerKey), writer?.encoded)
  assert.equal(statSync(writerKey).mode & 0o777, 0o600)
  for (const key of server.keys) assert.ok(!first.said.join('\n').includes(key.encoded))
})

test("a second time keeps Playtrail's key; one that is lost or not valid is replaced, and none is left over", async (t) => {
  const first = made(t)
  const { server, surroundings } = await started(t, first)
  const { writerKey } = secretsIn(first.secretsDir)
  const valid = (): string[] =>
    server.keys
      .filter(({ name, isValid }) => isValid && name === 'playtrail-writer')
      .map((key) => key.encoded)
  await prepareElasticsearch(surroundings)
  const [key] = valid()
  await prepareElasticsearch(surroundings)
  assert.deepEqual(valid(), [key])

  rmSync(writerKey)
  await prepareElasticsearch(surroundings)
  assert.deepEqual(valid(), [readSecret(writerKey)])
  assert.notEqual(readSecret(writerKey), key)

  for (const known of server.keys) known.isValid = false
  await prepareElasticsearch(surroundings)
  assert.deepEqual(valid(), [readSecret(writerKey)])
})

for (const fault of ['before', 'after'] as const) {
  test(`where every request fails once ${fault} it took effect, the end is the same, with one valid key for Playtrail`, async (t) => {
    const first = made(t)
    const { server, surroundings } = await started(t, first)
    server.fault = fault
    await prepareElasticsearch(surroundings)
    const { kibanaPassword, writerKey } = secretsIn(first.secretsDir)
    assert.equal(server.passwords.get('kibana_system'), readSecret(kibanaPassword))
    const valid = server.keys.filter(({ name, isValid }) => isValid && name === 'playtrail-writer')
    assert.deepEqual(
      valid.map(({ encoded }) => encoded),
      [readSecret(writerKey)]
    )
  })
}

test('the dashboards are imported with a key that expires and that reads nothing', async (t) => {
  const { server, surroundings, ran } = await started(t, made(t))
  await importDashboards(surroundings)
  const [key] = server.keys
  assert.deepEqual(ran, [{ args: ['setup', 'kibana'], key: key?.encoded }])
  assert.equal(key?.expiration, '10m')
  assert.deepEqual(Object.keys(Object.values(key?.body.role_descriptors ?? {})[0] ?? {}), ['applications'])
})

test('the script says what is wrong and ends with 1: no such step, no setting, another password', async (t) => {
  const { secretsDir } = made(t)
  const server = await securityServer(t, 'another')
  const env = { PLAYTRAIL_SECRETS_DIR: secretsDir, PLAYTRAIL_STORE: server.url }
  for (const [step, environment, expected] of [
    ['everything', {}, /expected one of secrets, elasticsearch, dashboards; got "everything"/],
    ['secrets', {}, /expected the environment variable PLAYTRAIL_SECRETS_DIR/],
    ['elasticsearch', env, /refused .*_password: 401 .*admin\/elastic\.password/s]
  ] as const) {
    const { status, output } = await run(step, environment)
    assert.equal(status, 1)
    assert.match(output, expected)
    assert.ok(!output.includes(readSecret(secretsIn(secretsDir).elasticPassword)))
  }
  const { status } = await run('secrets', { ...env, PLAYTRAIL_DATA_DIR: temporaryFolder(t) })
  assert.equal(status, 0)
})

async function run(step: string, env: Record<string, string>): Promise<{ status: unknown; output: string }> {
  const child = spawn(process.execPath, [SCRIPT, step], { env: { PATH: process.env.PATH, ...env } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const status = await new Promise((resolve) => child.on('close', resolve))
  return { status, output }
}
