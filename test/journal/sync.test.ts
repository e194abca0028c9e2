import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDataFolder } from '../../server/data-folder.ts'
import { type FileSystem, type OpenFile, realDisk } from '../../server/file-system.ts'
import { type Journal, openJournal } from '../../server/journal/journal.ts'
import { onEnd } from '../support/cleanup.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, entry, journalIn } from '../support/journal.ts'
import { START_RECORDS } from '../support/life.ts'
import { startServer } from '../support/server-process.ts'

/** The real disk, whose fdatasync a test holds up or makes fail. */
function diskWith(datasync: (sync: () => Promise<void>) => Promise<void>): FileSystem {
  return {
    ...realDisk,
    async open(path, flags): Promise<OpenFile> {
      const file = await realDisk.open(path, flags)
      return {
        read: (...args) => file.read(...args),
        write: (...args) => file.write(...args),
        truncate: (bytes) => file.truncate(bytes),
        close: () => file.close(),
        datasync: () => datasync(() => file.datasync())
      }
    }
  }
}

async function journalOn(disk: FileSystem, path: string, broken: unknown[] = []): Promise<Journal> {
  const folder = openDataFolder(path, { create: true, disk })
  return await openJournal(folder, { disk, onBroken: (error) => void broken.push(error) })
}

test('nothing is acknowledged before its fdatasync has returned', async (t) => {
  const reached = Promise.withResolvers<void>()
  const returns = Promise.withResolvers<void>()
  let isHeldUp = false
  const disk = diskWith(async (sync) => {
    if (isHeldUp) {
      reached.resolve()
      await returns.promise
    }
    await sync()
  })
  const journal = await journalOn(disk, temporaryFolder(t))
  await journal.append([entry('r:0')], 's', 1)
  isHeldUp = true
  let isAcknowledged = false
  const appended = journal.append([entry('r:1')], 's', 1).then(() => {
    isAcknowledged = true
  })
  const again = journal.append([entry('r:1')], 's', 1)
  await reached.promise
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
  assert.equal(isAcknowledged, false)
  assert.equal(journal.end, 1, 'no reader sees what is not durable')
  returns.resolve()
  await appended
  assert.equal((await again).duplicates, 1)
  assert.equal(journal.end, 2)
  await journal.close()
})

test('after a failed fdatasync nothing is acknowledged any more, whatever it failed with', async (t) => {
  for (const code of ['EIO', 'ENOSPC']) {
    const broken: unknown[] = []
    let isFailing = false
    const disk = diskWith(async (sync) => {
      if (isFailing) throw Object.assign(new Error(code), { code })
      await sync()
    })
    const journal = await journalOn(disk, temporaryFolder(t), broken)
    await journal.append([entry('r:0')], 's', 1)
    isFailing = true
    await assert.rejects(journal.append([entry('r:1')], 's', 1), /fdatasync failed/)
    isFailing = false
    await assert.rejects(journal.append([entry('r:2')], 's', 1), /fdatasync failed/)
    assert.equal(broken.length, 1, 'the service is told once that it has to end')
    assert.equal(journal.end, 1)
    await journal.close()
  }
})

test('a journal that is opened syncs what it found before it calls anything a duplicate', async (t) => {
  const path = temporaryFolder(t)
  const { journal: before } = await journalIn(path)
  await before.append([entry('r:0')], 's', 1)
  await before.close()
  let synced = 0
  const journal = await journalOn(
    diskWith(async (sync) => {
      await sync()
      synced += 1
    }),
    path
  )
  assert.ok(synced > 0)
  assert.equal((await journal.append([entry('r:0')], 's', 1)).duplicates, 1)
  await journal.close()
})

test('a process whose fdatasync fails ends without an answer, and the next one has what was acknowledged', async (t) => {
  const dataDir = temporaryFolder(t)
  const switchedOn = join(temporaryFolder(t), 'fdatasync fails')
  const preload = new URL('../support/failing-datasync.ts', import.meta.url).href
  const server = await startServer(dataDir, {
    env: { NODE_OPTIONS: `--import=${preload}`, DATASYNC_FAILS_IF_EXISTS: switchedOn }
  })
  onEnd(t, () => server.kill())
  const send = (sequence: number): Promise<Response> =>
    fetch(`${server.url}/v1/events`, {
      method: 'POST',
      body: ndjson([resultEvent(run, sequence)]),
      headers: { 'content-type': 'application/x-ndjson' }
    })
  const run = runId()
  assert.equal((await send(0)).status, 200)
  writeFileSync(switchedOn, '')
  await assert.rejects(send(1), 'there is no answer')
  assert.equal(await server.ended, 1)
  assert.match(server.output(), /"msg":"the journal could not be written: the process ends/)

  const { journal } = await journalIn(dataDir)
  const [first, ...others] = await allRecords(journal, START_RECORDS)
  assert.equal(first?.eventId, `${run}:0`)
  // Whether the other one is there is nobody's promise.
  assert.ok(others.length <= 1)
  await journal.close()
})
