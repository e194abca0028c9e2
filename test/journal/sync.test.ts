import assert from 'node:assert/strict'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openDataFolder } from '../../server/data-folder.ts'
import { openJournal } from '../../server/journal/journal.ts'
import { temporaryFolder } from '../support/folder.ts'
import { entry, journalIn } from '../support/journal.ts'

/** Node's own file handles, whose fdatasync these tests hold up or make fail. */
async function fileHandles(t: TestContext): Promise<FileHandle> {
  const file = await open(join(temporaryFolder(t), 'any'), 'w')
  await file.close()
  return Object.getPrototypeOf(file)
}

test('nothing is acknowledged before its fdatasync has returned', async (t) => {
  const { journal } = await journalIn(temporaryFolder(t))
  await journal.append([entry('r:0')], 's', 1)
  const reached = Promise.withResolvers<void>()
  const returns = Promise.withResolvers<void>()
  t.mock.method(await fileHandles(t), 'datasync', async () => {
    reached.resolve()
    await returns.promise
  })
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
    const folder = openDataFolder(temporaryFolder(t), { create: true })
    const journal = await openJournal(folder, { onBroken: (error) => void broken.push(error) })
    await journal.append([entry('r:0')], 's', 1)
    const { mock } = t.mock.method(await fileHandles(t), 'datasync', async () => {
      throw Object.assign(new Error(code), { code })
    })
    await assert.rejects(journal.append([entry('r:1')], 's', 1), /fdatasync failed/)
    mock.restore()
    await assert.rejects(journal.append([entry('r:2')], 's', 1), /fdatasync failed/)
    assert.equal(broken.length, 1, 'the service is told once that it has to end')
    assert.equal(journal.end, 1)
    await journal.close()
  }
})
