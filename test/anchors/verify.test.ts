import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runPlaytrail } from '../support/command.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords } from '../support/journal.ts'
import { lifeOf } from '../support/life.ts'
import { anchoredService, anchorOnce, copyFolder, refusal, sealedSize, send } from './world.ts'

test('verify tells what each anchor had by the service’s own account, and counts only what it was given', async (t) => {
  const [dataDir, elsewhere] = [temporaryFolder(t), temporaryFolder(t)]
  const [good, bad] = [join(elsewhere, 'good'), join(elsewhere, 'missing/bad')]
  const service = await anchoredService(t, { dataDir, anchorFile: `${bad}\n${good}` })
  await send(service, 30)
  await anchorOnce(service, ({ error }) => error !== undefined)
  await service.stop()
  const alone = await runPlaytrail(['verify', '--data-dir', dataDir])
  assert.equal(alone.status, 0, alone.stderr)
  assert.match(alone.stdout, new RegExp(`^Anchor file ${good}: had \\d+ entries at 20\\S+Z, by`, 'm'))
  assert.match(
    alone.stdout,
    new RegExp(
      `^Anchor file ${bad}: has never had a checkpoint, by .*; FAILS since 20\\S+Z: .*the folder ${join(elsewhere, 'missing')} does not exist`,
      'm'
    )
  )
  assert.match(alone.stdout, /^Without an anchor outside: the newest \d+ entries, all of them/m)
  const given = await runPlaytrail(['verify', '--data-dir', dataDir, '--since', good, '--json'])
  const { unanchored, anchors } = JSON.parse(given.stdout)
  assert.deepEqual([given.status, unanchored], [0, 0])
  assert.deepEqual(
    anchors.map(({ target, size }: { target: string; size?: number }) => [target, size === undefined]),
    [
      [bad, true],
      [good, false]
    ]
  )
})

test('verify is bad while an anchor does not agree, until it is taken out of the settings, which the record shows', async (t) => {
  const [dataDir, elsewhere] = [temporaryFolder(t), temporaryFolder(t)]
  const [anchorFile, older] = [join(elsewhere, 'checkpoint'), join(elsewhere, 'older')]
  for (const count of [20, 10]) {
    const service = await anchoredService(t, { dataDir, anchorFile })
    await send(service, count)
    await service.stop()
    if (count === 20) copyFolder(dataDir, older)
  }
  assert.equal((await runPlaytrail(['verify', '--data-dir', dataDir])).status, 0)
  copyFolder(older, dataDir)
  await refusal({ dataDir, anchorFile })
  const bad = await runPlaytrail(['verify', '--data-dir', dataDir])
  assert.equal(bad.status, 1, bad.stdout)
  assert.match(
    bad.stdout,
    new RegExp(`^BAD  anchor: the file ${anchorFile} does not agree with this log`, 'm')
  )
  assert.doesNotMatch(bad.stdout, /Proved/)

  const service = await anchoredService(t, { dataDir })
  const lives = lifeOf(await allRecords(service.journal))
  await service.stop()
  const started = lives.filter(({ event }) => event.action === 'run.started')
  assert.deepEqual(
    started.map((event) => event.service?.anchors),
    [[`file:${anchorFile}`], []]
  )
  const settled = await runPlaytrail(['verify', '--data-dir', dataDir])
  assert.equal(settled.status, 0, settled.stdout)
})

test('what is noted of the anchors may be damaged or a pipe: the rest is verified', async (t) => {
  const [dataDir, elsewhere] = [temporaryFolder(t), temporaryFolder(t)]
  const service = await anchoredService(t, { dataDir, anchorFile: join(elsewhere, 'checkpoint') })
  await send(service, 3)
  await sealedSize(service)
  await service.stop()
  const path = join(dataDir, 'anchors.json')
  const damages = [
    () => writeFileSync(path, '{}'),
    () => execFileSync('mkfifo', [path]),
    () => mkdirSync(path)
  ]
  for (const damage of damages) {
    rmSync(path, { recursive: true, force: true })
    damage()
    const { status, stdout } = await runPlaytrail(['verify', '--data-dir', dataDir])
    assert.equal(status, 0, stdout)
    assert.match(stdout, /^Note: what the service noted of its anchors cannot be read/m)
  }
})
