import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openDataFolder } from '../../server/data-folder.ts'
import { runPlaytrail } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { startServer } from '../support/server-process.ts'
import { forge } from '../verify/forge.ts'
import { seal } from '../verify/world.ts'
import {
  anchoredService,
  anchorOnce,
  checkpointIn,
  checkpointOnce,
  copyFolder,
  refusal,
  sealedSize,
  send
} from './world.ts'

interface History {
  dataDir: string
  anchorFile: string
  /** The data folder as it was before the newest events. */
  older: string
}

/** A log of two lives, a copy of the folder in between, and an anchor that has all of it. */
async function history(t: TestContext): Promise<History> {
  const [dataDir, elsewhere] = [temporaryFolder(t), temporaryFolder(t)]
  const anchorFile = join(elsewhere, 'checkpoint')
  const older = join(elsewhere, 'older')
  for (const count of [300, 200]) {
    const service = await anchoredService(t, { dataDir, anchorFile })
    await send(service, count)
    await service.stop()
    if (count === 300) copyFolder(dataDir, older)
  }
  assert.ok(checkpointIn(anchorFile).size >= 500)
  return { dataDir, anchorFile, older }
}

test('a service with its folder rolled back ends before it signs anything, says why, and goes on with the newest copy', async (t) => {
  const [dataDir, elsewhere] = [temporaryFolder(t), temporaryFolder(t)]
  const [anchorFile, copy, newest] = [
    join(elsewhere, 'checkpoint'),
    join(elsewhere, 'copy'),
    join(elsewhere, 'newest')
  ]
  const flags = ['--anchor-file', anchorFile, '--anchor-every', '1']
  const run = async (count: number): Promise<void> => {
    const server = await startServer(dataDir, { flags })
    await send(server, count)
    assert.equal(await server.stop(), 0)
  }
  await run(100)
  copyFolder(dataDir, copy)
  await run(50)
  copyFolder(dataDir, newest)
  const { size } = checkpointIn(anchorFile)
  copyFolder(copy, dataDir)
  const before = readFileSync(join(dataDir, 'log/checkpoint'))
  const ended = await runPlaytrail(['serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir, ...flags])
  assert.equal(ended.status, 1)
  assert.match(ended.stderr, new RegExp(`a checkpoint of ${size} entries that this log signed`))
  assert.match(ended.stderr, /an older copy of the data folder was put in its place/)
  assert.match(ended.stderr, /Restore the newest copy of the data folder/)
  assert.ok(readFileSync(join(dataDir, 'log/checkpoint')).equals(before))
  assert.equal(checkpointIn(anchorFile).size, size)
  copyFolder(newest, dataDir)
  await run(1)
  assert.ok(checkpointIn(anchorFile).size > size)
})

test('a history that was rewritten and signed with the real key does not start', async (t) => {
  const { dataDir, anchorFile } = await history(t)
  const folder = openDataFolder(dataDir)
  forge(folder, 17, () => ({ sender: 'nobody' }))
  rmSync(folder.logFolder, { recursive: true })
  rmSync(join(folder.keys, 'last-signed'))
  await seal(folder)
  // Without the anchor nothing is wrong with it.
  assert.match(await refusal({ dataDir, anchorFile }), /the log here had another root then/)
  await (await anchoredService(t, { dataDir })).stop()
})

test('a history that was rewritten, whose log is gone, is not signed anew', async (t) => {
  const { dataDir, anchorFile } = await history(t)
  const folder = openDataFolder(dataDir)
  forge(folder, 17, () => ({ sender: 'nobody' }))
  rmSync(folder.logFolder, { recursive: true })
  rmSync(join(folder.keys, 'last-signed'))
  const size = checkpointIn(anchorFile).size
  const message = await refusal({ dataDir, anchorFile })
  assert.match(message, new RegExp(`has a checkpoint of ${size} entries .* the first ${size} records`))
  assert.equal(existsSync(join(folder.keys, 'last-signed')), false)
  assert.equal(existsSync(join(folder.logFolder, 'checkpoint')), false)
})

test('a journal that lost its end, with its log, does not start', async (t) => {
  const { dataDir, anchorFile, older } = await history(t)
  for (const part of ['journal', 'log']) copyFolder(join(older, part), join(dataDir, part))
  cpSync(join(older, 'keys/last-signed'), join(dataDir, 'keys/last-signed'))
  for (const end of ['', '-wal', '-shm']) rmSync(join(dataDir, `ids.sqlite${end}`), { force: true })
  assert.match(await refusal({ dataDir, anchorFile }), /the end of the journal was cut off/)
})

test('where only the log went back, and the journal has what the anchor knows, the service goes on', async (t) => {
  const { dataDir, anchorFile, older } = await history(t)
  copyFolder(join(older, 'log'), join(dataDir, 'log'))
  cpSync(join(older, 'keys/last-signed'), join(dataDir, 'keys/last-signed'))
  const anchored = checkpointIn(anchorFile)
  const service = await anchoredService(t, { dataDir, anchorFile })
  await send(service, 1)
  const size = await sealedSize(service)
  assert.ok(size > anchored.size)
  await checkpointOnce(anchorFile, (checkpoint) => checkpoint.size === size)
})

test('a log that passed what the anchor knows is not made again after every failure', async (t) => {
  const { dataDir, anchorFile } = await history(t)
  const elder = readFileSync(anchorFile)
  const before = await anchoredService(t, { dataDir, anchorFile })
  await send(before, 100)
  await before.stop()
  writeFileSync(anchorFile, elder)
  rmSync(join(dataDir, 'log/tile'), { recursive: true })
  const service = await anchoredService(t, { dataDir, anchorFile })
  // Whoever makes the log again empties this folder first.
  const remade = join(dataDir, 'log/remade')
  mkdirSync(remade)
  const obstacle = join(dataDir, 'keys/last-signed.new')
  mkdirSync(obstacle)
  await send(service, 300)
  await eventually(async () => service.sealer.lastError)
  rmdirSync(obstacle)
  await sealedSize(service)
  assert.ok(existsSync(remade))
})

test('tiles that are damaged or gone are made again of the journal, which has to give what the anchor knows', async (t) => {
  const { dataDir, anchorFile } = await history(t)
  const elder = readFileSync(anchorFile)
  const service = await anchoredService(t, { dataDir, anchorFile })
  await send(service, 100)
  await service.stop()
  const tiles = join(dataDir, 'log/tile')
  const whole = readFileSync(join(tiles, '0/000'))
  const damages = [
    () => writeFileSync(join(tiles, '0/000'), whole.toReversed()),
    () => rmSync(tiles, { recursive: true })
  ]
  for (const damage of damages) {
    writeFileSync(anchorFile, elder)
    damage()
    const again = await anchoredService(t, { dataDir, anchorFile })
    await anchorOnce(again, ({ size, error }) => error === undefined && size === again.sealer.size)
    await again.stop()
    assert.ok(readFileSync(join(tiles, '0/000')).equals(whole))
  }
  // Where the journal gives another one, that shows as well.
  const folder = openDataFolder(dataDir)
  forge(folder, 17, () => ({ sender: 'nobody' }))
  rmSync(folder.logFolder, { recursive: true })
  rmSync(join(folder.keys, 'last-signed'))
  await seal(folder)
  rmSync(tiles, { recursive: true })
  writeFileSync(anchorFile, elder)
  assert.match(await refusal({ dataDir, anchorFile }), /the first \d+ records of the journal give/)
})

test('an anchor that is damaged, cut or of another log keeps the service from starting, an empty one does not', async (t) => {
  const { dataDir, anchorFile } = await history(t)
  const other = temporaryFolder(t)
  await (await anchoredService(t, { dataDir: other })).stop()
  const whole = readFileSync(anchorFile)
  const foreign = readFileSync(join(other, 'log/checkpoint'))
  const flipped = Buffer.from(whole)
  flipped.writeUInt8(flipped.readUInt8(90) ^ 1, 90)
  for (const bad of [whole.subarray(0, 100), flipped, Buffer.from('\n'), foreign]) {
    writeFileSync(anchorFile, bad)
    assert.match(await refusal({ dataDir, anchorFile }), /holds no checkpoint of this log/)
    assert.ok(readFileSync(anchorFile).equals(bad))
  }
  writeFileSync(anchorFile, '')
  const service = await anchoredService(t, { dataDir, anchorFile })
  await anchorOnce(service, ({ size = 0 }) => size >= 500)
})

test('a new log does not take the anchor of the one before, not even under its name', async (t) => {
  const [dataDir, other, elsewhere] = [temporaryFolder(t), temporaryFolder(t), temporaryFolder(t)]
  const anchorFile = join(elsewhere, 'checkpoint')
  const logOrigin = 'audit.example.org/trail'
  await (await anchoredService(t, { dataDir, anchorFile, logOrigin })).stop()
  const kept = readFileSync(anchorFile)
  assert.match(
    await refusal({ dataDir: other, anchorFile, logOrigin }),
    /is not signed by a known key|expected a signature by/
  )
  assert.ok(readFileSync(anchorFile).equals(kept))
})

test('what the folder remembers of its anchors may be damaged: the service starts all the same', async (t) => {
  const { dataDir, anchorFile } = await history(t)
  writeFileSync(join(dataDir, 'anchors.json'), '{"format":1,"anchors":[null')
  const service = await anchoredService(t, { dataDir, anchorFile })
  await anchorOnce(service, ({ size = 0 }) => size >= 500)
})
