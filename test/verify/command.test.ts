import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Database from 'better-sqlite3'
import { Command } from 'commander'
import { proofCommand } from '../../server/cli/proof.ts'
import { verifyCommand } from '../../server/cli/verify.ts'
import type { EventProof } from '../../server/seal/event-proof.ts'
import { decodeTlogProof, verifyTlogProof } from '../../server/seal/tlog-proof.ts'
import { parseVkey } from '../../server/seal/vkey.ts'
import { type Ran, run } from '../cli/world.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { START_RECORDS } from '../support/life.ts'
import { get, post, runningService } from '../support/service.ts'
import { change, copyOf, index, makeEvidence, SIZE } from './world.ts'

function playtrail(...args: string[]): Promise<Ran> {
  return run(args, {}, (surroundings) =>
    new Command('playtrail').addCommand(verifyCommand(surroundings)).addCommand(proofCommand(surroundings))
  )
}

const verify = (...args: string[]): Promise<Ran> => playtrail('verify', ...args)

test('it says what it checked, with counts, and what nobody outside vouches for', async (t) => {
  const { folder, vkey, checkpoints } = await makeEvidence(t)
  const { exitCode, stdout, stderr } = await verify(
    ...['--data-dir', folder.path, '--vkey', vkey, '--since', checkpoints[600], '--since', checkpoints[100]]
  )
  assert.deepEqual([exitCode, stderr], [0, ''])
  assert.match(stdout, /^Log audit\.example\.org\/trail: 640 entries, root /)
  assert.match(stdout, /^Hashes: 640 entries in 3 bundles, 4 tiles$/m)
  assert.match(stdout, /^Journal: 640 records in \d+ segments compared/m)
  assert.match(stdout, /^Old checkpoints: the log continues all 2$/m)
  assert.match(stdout, /^Without an anchor outside: the newest 40 entries, from 600 on/m)
  assert.match(stdout, /^Proved: /m)
  assert.doesNotMatch(stdout, /the key came from/)
  assert.match((await verify('--data-dir', folder.path)).stdout, /the key came from the same place/)
})

test('bad evidence ends with 1, and names leaf, file and byte', async (t) => {
  const { folder, vkey } = await makeEvidence(t)
  const file = join(folder.logFolder, 'tile/entries/001')
  change(file, (bytes) => Buffer.from(bytes).fill(0, 9, 10))
  const { exitCode, stdout, stderr } = await verify('--log', folder.logFolder, '--vkey', vkey)
  assert.equal(exitCode, 1)
  assert.match(stderr, /bad evidence: 1 thing\n$/)
  assert.ok(
    stdout.includes(`BAD  tree, leaf 256: the entry is not the one that was hashed (${file}, byte 0)\n`),
    stdout
  )
  assert.doesNotMatch(stdout, /Proved/)
  const { stdout: json } = await verify('--log', folder.logFolder, '--vkey', vkey, '--json')
  const { verdict, findings, findings_count: count } = JSON.parse(json)
  assert.deepEqual([verdict, count], ['bad', 1])
  assert.deepEqual([findings[0].leaf, findings[0].file, findings[0].byte], [256, file, 0])
})

test('what cannot be checked ends with 2: never with 0, and never hanging', async (t) => {
  const { folder: whole, vkey, checkpoints } = await makeEvidence(t)
  const empty = temporaryFolder(t)
  const [old] = [checkpoints[600]]
  const cases: [what: string, args: string[]][] = [
    ['an empty folder', ['--log', empty]],
    ['an empty data folder', ['--data-dir', empty]],
    ['no folder', ['--log', join(empty, 'nothing')]],
    ['a key that is none', ['--log', whole.logFolder, '--vkey', `${readFileSync(vkey, 'utf8').trim()}x`]],
    ['a key file that is missing', ['--log', whole.logFolder, '--vkey', join(empty, 'key')]],
    [
      'an old checkpoint that is missing',
      ['--log', whole.logFolder, '--vkey', vkey, '--since', join(empty, 'old')]
    ],
    ['a server that is not there', ['--url', 'http://127.0.0.1:1']],
    ['two places', ['--url', 'http://127.0.0.1:1', '--log', whole.logFolder]],
    ['a data folder and a log', ['--data-dir', whole.path, '--log', whole.logFolder]],
    ['a data folder without a name', ['--data-dir', '']],
    ['an index of no data folder', ['--log', whole.logFolder, '--index']],
    ['an index that is not there', ['--data-dir', whole.path, '--vkey', vkey, '--index']],
    ['a proof that is not there', ['--proof', join(empty, 'proof'), '--vkey', vkey]],
    ['a proof without a key', ['--proof', old]]
  ]
  const damages: [what: string, damage: (log: string) => void][] = [
    ['no checkpoint', (log) => rmSync(join(log, 'checkpoint'))],
    ['no key', (log) => rmSync(join(log, 'log.vkey'))],
    ['a folder in place of the checkpoint', (log) => replace(log, 'checkpoint', mkdirSync)],
    [
      'a pipe in place of a tile',
      (log) => replace(log, 'tile/0/000', (path) => execFileSync('mkfifo', [path]))
    ],
    [
      'a pipe in place of the key',
      (log) => replace(log, 'log.vkey', (path) => execFileSync('mkfifo', [path]))
    ]
  ]
  for (const [what, damage] of damages) {
    const { logFolder } = copyOf(t, whole)
    damage(logFolder)
    cases.push([what, ['--log', logFolder]])
  }
  for (const [what, args] of cases) {
    const { exitCode, stderr, stdout } = await verify(...args)
    assert.equal(exitCode, 2, `${what}: ${stdout}${stderr}`)
    assert.match(stderr, /could not check: /, what)
    assert.doesNotMatch(stderr, /\n\s+at |\\n/, what)
    assert.doesNotMatch(stdout, /Proved/, what)
    const { stdout: json } = await verify(...args, '--json')
    assert.equal(JSON.parse(json).verdict, 'unchecked', what)
  }
})

test('a file of --since that is no checkpoint of this log ends with 2 and is named; a damaged one of it with 1', async (t) => {
  const { folder, vkey, checkpoints } = await makeEvidence(t)
  const old = readFileSync(checkpoints[600], 'utf8')
  const file = join(temporaryFolder(t), 'kept')
  const cases: [content: string, exitCode: number, told: RegExp][] = [
    ['', 2, /could not check: .*\/kept, which --since names, is empty/],
    ['{"code":"token_missing"}\n', 2, /kept, which --since names, is no checkpoint: /],
    ['# Playtrail\n\nAn audit trail.\n', 2, /kept, which --since names, is no checkpoint: /],
    [
      old.replace('audit.example.org/trail', 'other.example.org/trail'),
      2,
      /is a checkpoint of the log other\.example\.org/
    ],
    [old.replace('\n600\n', '\n601\n'), 1, /bad evidence/],
    [old.slice(0, 40), 1, /bad evidence/]
  ]
  for (const [content, exitCode, told] of cases) {
    writeFileSync(file, content)
    const ran = await verify('--data-dir', folder.path, '--vkey', vkey, '--since', file)
    assert.equal(ran.exitCode, exitCode, content + ran.stdout + ran.stderr)
    assert.match(ran.stderr, told)
    assert.doesNotMatch(ran.stdout, /Proved/)
  }
})

function replace(log: string, name: string, make: (path: string) => unknown): void {
  rmSync(join(log, name))
  make(join(log, name))
}

test('an index that was changed ends with 1, and one that is behind with 2', async (t) => {
  const { folder, vkey } = await makeEvidence(t)
  await index(folder)
  const args = ['--data-dir', folder.path, '--vkey', vkey, '--index']
  const whole = await verify(...args)
  assert.equal(whole.exitCode, 0, whole.stdout + whole.stderr)
  assert.match(whole.stdout, new RegExp(`^Index: ${SIZE} records of the journal and \\d+ runs compared`, 'm'))
  const saved = join(temporaryFolder(t), 'index')
  cpSync(folder.index, saved)
  const cases: [sql: string, exitCode: number, told: RegExp][] = [
    ['DELETE FROM events WHERE record = 4', 1, /BAD {2}index, leaf 4: event missing/],
    ["UPDATE events SET status = 'failed' WHERE record = 9", 1, /BAD {2}index, leaf 9: event changed/],
    ["UPDATE events SET payload = x'7b7d' WHERE record = 9", 1, /BAD {2}index, leaf 9: event changed/],
    [`UPDATE events SET record = ${SIZE} WHERE record = 5`, 1, /BAD {2}index/],
    ['DELETE FROM runs WHERE key = 1', 1, /BAD {2}index/],
    ['UPDATE meta SET cursor = 10', 2, /^$/]
  ]
  for (const [sql, exitCode, told] of cases) {
    cpSync(saved, folder.index)
    const db = new Database(folder.index)
    db.pragma('foreign_keys = off')
    db.exec(sql)
    db.close()
    const ran = await verify(...args)
    assert.equal(ran.exitCode, exitCode, `${sql}: ${ran.stdout}${ran.stderr}`)
    if (exitCode === 1) assert.match(ran.stdout, told)
    else assert.match(ran.stderr, /the index has 10 of 640 sealed records/)
  }
  rmSync(`${folder.index}-wal`, { force: true })
  writeFileSync(folder.index, Buffer.alloc(8_192, 1))
  assert.equal((await verify(...args)).exitCode, 1)
})

async function served(t: TestContext, count: number): Promise<{ url: string; ids: string[]; path: string }> {
  const service = await runningService(t)
  const id = runId()
  // One record is of the service itself, which started.
  const events = Array.from({ length: count - START_RECORDS }, (_, sequence) => resultEvent(id, sequence))
  await post(service, ndjson(events))
  await eventually(async () => {
    const { body } = await get(service, '/v1/log/checkpoint')
    return (body as string).split('\n')[1] === String(count) ? true : undefined
  })
  return { url: service.url, ids: events.map(({ event }) => event.id), path: service.folder.path }
}

test('a server is checked over HTTP, and its data folder beside it while it runs', async (t) => {
  const { url, path } = await served(t, 300)
  const remote = await verify('--url', url)
  assert.equal(remote.exitCode, 0, remote.stdout + remote.stderr)
  assert.match(remote.stdout, /^Hashes: 300 entries in 2 bundles, 3 tiles$/m)
  const beside = await verify('--data-dir', path)
  assert.equal(beside.exitCode, 0, beside.stdout + beside.stderr)
  assert.match(beside.stdout, /^Journal: 300 records in 1 segment/m)
})

test('a folder and a server that grow meanwhile are proved, time after time', async (t) => {
  const service = await runningService(t)
  const id = runId()
  let sent = 0
  const send = async (): Promise<void> => {
    const events = Array.from({ length: 70 }, () => resultEvent(id, sent++))
    assert.equal((await post(service, ndjson(events))).status, 200)
  }
  await send()
  await eventually(async () => (service.sealer.size > 0 ? true : undefined))
  const old = join(temporaryFolder(t), 'checkpoint')
  cpSync(join(service.folder.logFolder, 'checkpoint'), old)
  for (let round = 0; round < 12; round++) {
    const sending = Promise.all([send(), send(), send()])
    const where = round % 2 === 0 ? ['--data-dir', service.folder.path] : ['--url', service.url]
    const { exitCode, stdout, stderr } = await verify(...where, '--since', old)
    assert.equal(exitCode, 0, stdout + stderr)
    await sending
  }
})

test('a proof of one event, from a server or a folder, is accepted with the log’s key alone', async (t) => {
  const { url, path, ids } = await served(t, 300)
  const key = join(path, 'log/log.vkey')
  for (const where of [
    ['--url', url],
    ['--data-dir', path]
  ]) {
    const output = join(temporaryFolder(t), 'for/the-auditor')
    const made = await playtrail('proof', ids[270] ?? '', ...where, '--output', output)
    assert.equal(made.exitCode, 0, made.stderr)
    const files = made.stdout.trim().split('\n')
    assert.equal(files.length, 2)
    for (const file of files) {
      const { exitCode, stdout } = await verify('--proof', file, '--vkey', key)
      assert.equal(exitCode, 0)
      assert.match(stdout, new RegExp(`^Event ${ids[270]}, leaf ${START_RECORDS + 270}\\n`))
      assert.match(stdout, /^Proved: /m)
    }
    const [document = '', tlogProof = ''] = files
    const { leaf } = JSON.parse(readFileSync(document, 'utf8')) as EventProof
    const vkey = parseVkey(readFileSync(key, 'utf8').trim())
    verifyTlogProof(decodeTlogProof(readFileSync(tlogProof)), Buffer.from(leaf), [vkey])
  }
  const alone = join(temporaryFolder(t), 'event.tlog-proof')
  const made = await playtrail('proof', ids[7] ?? '', '--data-dir', path, '--output', temporaryFolder(t))
  cpSync(made.stdout.trim().split('\n')[1] ?? '', alone)
  const { exitCode, stderr } = await verify('--proof', alone, '--vkey', key)
  assert.equal(exitCode, 2)
  assert.match(stderr, /event\.json: .*event\.tlog-proof is the proof alone; the file with the event/)
  const missing = await playtrail('proof', 'no-such-event', '--data-dir', path)
  assert.deepEqual([missing.exitCode, missing.stdout], [1, ''])
})

test('a proof in which anything was changed ends with 1', async (t) => {
  const { folder, vkey } = await makeEvidence(t)
  const output = temporaryFolder(t)
  const id = eventIdAt(folder.logFolder, 300)
  const { stdout } = await playtrail('proof', id, '--data-dir', folder.path, '--output', output)
  const [file = ''] = stdout.split('\n')
  const proof = JSON.parse(readFileSync(file, 'utf8')) as EventProof
  const changes: Partial<Record<keyof EventProof, unknown>>[] = [
    { event_id: 'other' },
    { index: 301 },
    { leaf: proof.leaf.replace('control-1', 'control-2') },
    { content: proof.content.replace('"', '" ') },
    { salt: Buffer.alloc(32).toString('base64') },
    { salt: 7 },
    { encoding: 'base64' },
    { encoding: 'latin1' },
    { proof: proof.proof.replace('index 300', 'index 301') },
    { proof: proof.proof.replace('\n640\n', '\n641\n') },
    { proof: '' }
  ]
  for (const changed of changes) {
    writeFileSync(file, JSON.stringify({ ...proof, ...changed }))
    const ran = await verify('--proof', file, '--vkey', vkey)
    assert.equal(ran.exitCode, 1, `${JSON.stringify(changed)}: ${ran.stdout}${ran.stderr}`)
  }
  writeFileSync(file, 'no proof')
  assert.equal((await verify('--proof', file, '--vkey', vkey)).exitCode, 1)
})

function eventIdAt(log: string, index: number): string {
  const bundle = readFileSync(join(log, 'tile/entries/001'))
  let offset = 0
  for (let at = 256; at < index; at++) offset += 2 + bundle.readUInt16BE(offset)
  const leaf = bundle.subarray(offset + 2, offset + 2 + bundle.readUInt16BE(offset)).toString('utf8')
  return JSON.parse(leaf).event.id
}
