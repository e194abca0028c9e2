import assert from 'node:assert/strict'
import { watch } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { openDataFolder } from '../../server/data-folder.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, journalIn } from '../support/journal.ts'
import { lifeOf } from '../support/life.ts'
import { startServer } from '../support/server-process.ts'

test('a stop that is asked for while the service starts is one, and no kill', async (t) => {
  const dataDir = temporaryFolder(t)
  const { life } = openDataFolder(dataDir, { create: true })
  const server = await startServer(dataDir, {
    onSpawn(child) {
      const watcher = watch(dataDir, (_change, name) => {
        if (name !== basename(life)) return
        // Its life begins, and it does not listen yet.
        watcher.close()
        child.kill('SIGTERM')
      })
    }
  })
  assert.equal(await server.ended, 0)
  const { journal } = await journalIn(dataDir)
  const told = lifeOf(await allRecords(journal))
  await journal.close()
  assert.deepEqual(
    told.map(({ event }) => event.action),
    ['run.started', 'run.finished']
  )
})
