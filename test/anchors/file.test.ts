import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCheckpoint } from '../../server/seal/checkpoint.ts'
import { runPlaytrail } from '../support/command.ts'
import { temporaryFolder } from '../support/folder.ts'
import { get } from '../support/service.ts'
import {
  anchoredService,
  anchorOnce,
  checkpointIn,
  checkpointOnce,
  copyFolder,
  type LogLine,
  sealedSize,
  send,
  vkeysIn
} from './world.ts'

test('the file always holds the newest checkpoint, which verify takes as it is', async (t) => {
  const [dataDir, elsewhere] = [temporaryFolder(t), temporaryFolder(t)]
  const anchorFile = join(elsewhere, 'checkpoint')
  const service = await anchoredService(t, { dataDir, anchorFile })
  await send(service, 300)
  await sealedSize(service)
  await checkpointOnce(anchorFile, ({ size }) => size === service.sealer.size)
  await send(service, 100)
  const size = await sealedSize(service)
  const kept = await checkpointOnce(anchorFile, (checkpoint) => checkpoint.size === size)
  assert.equal(openCheckpoint(readFileSync(anchorFile), vkeysIn(dataDir)).size, kept.size)
  assert.equal(statSync(anchorFile).mode & 0o777, 0o644)
  const verified = await runPlaytrail(['verify', '--data-dir', dataDir, '--since', anchorFile, '--json'])
  assert.equal(verified.status, 0, verified.stderr)
  assert.deepEqual(JSON.parse(verified.stdout).anchored, size)
  const { anchor, status } = await anchorOnce(service, ({ size: at }) => at === size)
  assert.deepEqual(
    [status, anchor.kind, anchor.target, anchor.error],
    ['ready', 'file', anchorFile, undefined]
  )
  assert.ok((anchor.age_seconds ?? 60) < 30)
  const { body } = await get(service, '/metrics')
  assert.match(body, new RegExp(`^playtrail_anchor_size\\{anchor="file:${anchorFile}"\\} ${size}$`, 'm'))
  assert.match(body, /^playtrail_anchor_failures_total\{anchor="file:[^"]+"\} 0$/m)
  assert.match(body, /^playtrail_anchor_age_seconds\{anchor="file:[^"]+"\} [0-9.]+$/m)
})

test('what is sealed at the stop is in the file when the service has stopped', async (t) => {
  const [dataDir, elsewhere] = [temporaryFolder(t), temporaryFolder(t)]
  const anchorFile = join(elsewhere, 'checkpoint')
  const service = await anchoredService(t, { dataDir, anchorFile, anchorEvery: '86400' })
  await checkpointOnce(anchorFile, () => true)
  await send(service, 500)
  await service.stop()
  const { size } = checkpointIn(anchorFile)
  assert.ok(size >= 500)
  assert.equal(size, checkpointIn(join(dataDir, 'log/checkpoint')).size)
})

test('a file that cannot be written fails without holding up the sealing, is told once, and is well again by itself', async (t) => {
  const [dataDir, elsewhere] = [temporaryFolder(t), temporaryFolder(t)]
  const folder = join(elsewhere, 'mounted')
  const anchorFile = join(folder, 'checkpoint')
  const lines: LogLine[] = []
  // As before a disk is mounted.
  const service = await anchoredService(t, { dataDir, anchorFile }, lines)
  const { anchor, status } = await anchorOnce(service, ({ error }) => error !== undefined)
  assert.deepEqual([status, anchor.size], ['anchor_failing', undefined])
  assert.equal(anchor.error, `the folder ${folder} does not exist`)
  assert.ok((anchor.age_seconds ?? 60) < 30)
  assert.equal((await get(service, '/readyz')).status, 200)
  await send(service, 10)
  await sealedSize(service)
  await anchorOnce(service, () => failuresOf(lines) > 0)
  const { body } = await get(service, '/metrics')
  assert.match(body, /^playtrail_anchor_size\{anchor="file:[^"]+"\} 0$/m)
  assert.match(body, /^playtrail_anchor_age_seconds\{anchor="file:[^"]+"\} [0-9.]+$/m)
  const told = lines.filter(({ msg }) => msg.includes('did not take'))
  assert.ok(told.every((line) => !('err' in line) && line.msg.endsWith(`${folder} does not exist`)))
  mkdirSync(folder)
  const well = await anchorOnce(service, ({ size = 0 }) => size >= 10)
  assert.equal(well.status, 'ready')
  // Fails after it took effect: nothing can be put beside the file.
  mkdirSync(`${anchorFile}.new`)
  await send(service, 10)
  await anchorOnce(service, ({ error }) => error?.includes('EISDIR') === true)
  assert.ok(checkpointIn(anchorFile).size < service.journal.end)
  rmSync(`${anchorFile}.new`, { recursive: true })
  await anchorOnce(service, ({ error, size = 0 }) => error === undefined && size >= 20)
  assert.equal(failuresOf(lines), 2)
  assert.equal(lines.filter(({ msg }) => msg.includes('is well again')).length, 2)
})

function failuresOf(lines: readonly LogLine[]): number {
  return lines.filter(({ msg }) => msg.includes('did not take the newest checkpoint')).length
}

test('a file that is gone is missed, also after a restart, until it is back or an empty one is in its place', async (t) => {
  const [dataDir, elsewhere] = [temporaryFolder(t), temporaryFolder(t)]
  const anchorFile = join(elsewhere, 'checkpoint')
  const first = await anchoredService(t, { dataDir, anchorFile })
  await send(first, 10)
  await first.stop()
  renameSync(anchorFile, `${anchorFile}.moved`)

  const service = await anchoredService(t, { dataDir, anchorFile })
  const { anchor } = await anchorOnce(service, ({ error }) => error !== undefined)
  assert.match(anchor.error ?? '', /is gone, which had a checkpoint of 1?\d+ entries/)
  assert.equal(existsSync(anchorFile), false)
  renameSync(`${anchorFile}.moved`, anchorFile)
  await anchorOnce(service, ({ error }) => error === undefined)
  rmSync(anchorFile)
  await anchorOnce(service, ({ error }) => error?.includes('is gone') === true)
  writeFileSync(anchorFile, '')
  await anchorOnce(service, ({ error }) => error === undefined)
  assert.ok(checkpointIn(anchorFile).size >= 10)
})

test('a file that is damaged or of another log while the service runs is not replaced', async (t) => {
  const [dataDir, elsewhere, other] = [temporaryFolder(t), temporaryFolder(t), temporaryFolder(t)]
  const anchorFile = join(elsewhere, 'checkpoint')
  const donor = await anchoredService(t, { dataDir: other })
  await donor.stop()
  const service = await anchoredService(t, { dataDir, anchorFile })
  await send(service, 10)
  await anchorOnce(service, ({ size = 0 }) => size >= 10)
  const whole = readFileSync(anchorFile)
  for (const bad of [
    Buffer.from('no checkpoint\n'),
    whole.subarray(0, whole.length - 5),
    readFileSync(join(other, 'log/checkpoint'))
  ]) {
    writeFileSync(anchorFile, bad)
    const { status } = await anchorOnce(service, ({ error }) => /no checkpoint of this log/.test(error ?? ''))
    assert.equal(status, 'anchor_failing')
    assert.ok(readFileSync(anchorFile).equals(bad))
  }
  writeFileSync(anchorFile, whole)
  await anchorOnce(service, ({ error }) => error === undefined)
})

test('a pipe in place of the file holds nothing up, neither start nor stop', async (t) => {
  const [dataDir, elsewhere] = [temporaryFolder(t), temporaryFolder(t)]
  const anchorFile = join(elsewhere, 'checkpoint')
  execFileSync('mkfifo', [anchorFile])
  const service = await anchoredService(t, { dataDir, anchorFile })
  await anchorOnce(service, ({ error }) => error?.includes('no file that can be read') === true)
  await send(service, 10)
  await sealedSize(service)
  const stopped = performance.now()
  await service.stop()
  assert.ok(performance.now() - stopped < 5_000)
})

test('a longer history of the same log that shows up in the file stops the sealing, while events are still kept', async (t) => {
  const [dataDir, elsewhere, copy] = [temporaryFolder(t), temporaryFolder(t), temporaryFolder(t)]
  const anchorFile = join(elsewhere, 'checkpoint')
  const first = await anchoredService(t, { dataDir, anchorFile })
  await send(first, 10)
  await first.stop()
  copyFolder(dataDir, copy)
  const twin = await anchoredService(t, { dataDir: copy })
  await send(twin, 50)
  await sealedSize(twin)
  await twin.stop()

  const service = await anchoredService(t, { dataDir, anchorFile })
  const size = await sealedSize(service)
  await anchorOnce(service, (anchor) => anchor.size === size)
  writeFileSync(anchorFile, readFileSync(join(copy, 'log/checkpoint')))
  const { status } = await anchorOnce(service, ({ error }) => /this log signed/.test(error ?? ''))
  assert.equal(status, 'log_failing')
  const signed = readFileSync(join(dataDir, 'keys/last-signed'))
  await send(service, 10)
  const { body } = await get(service, '/readyz')
  assert.match(body.log.error, /the file .*checkpoint does not agree with the log/)
  assert.ok(body.log.behind >= 10)
  await service.stop()
  assert.ok(readFileSync(join(dataDir, 'keys/last-signed')).equals(signed))
})
