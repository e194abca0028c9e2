import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { Fatal } from '../../server/errors.ts'
import { temporaryFolder } from '../support/folder.ts'
import { entry, journalIn } from '../support/journal.ts'

/** Appends `count` events of a run to the journal of a folder. */
async function append(path: string, run: string, count: number): Promise<void> {
  const { journal } = await journalIn(path)
  const entries = Array.from({ length: count }, (_, i) => entry(`${run}:${i}`))
  assert.equal((await journal.append(entries, 's', 1)).accepted, count)
  await journal.close()
}

async function acceptedOf(path: string, run: string): Promise<number> {
  const { journal } = await journalIn(path)
  const { accepted } = await journal.append([entry(`${run}:0`)], 's', 1)
  await journal.close()
  return accepted
}

const idsOf = (path: string): string => join(path, 'ids.sqlite')

// A folder was restored, went on, and got back a file of the time before: ids that it knows are not in the journal, and others are.
test('known ids of another history of the same journal stop the start', async (t) => {
  const path = join(temporaryFolder(t), 'data')
  const other = join(temporaryFolder(t), 'data')
  await append(path, 'common', 10)
  cpSync(path, other, { recursive: true })
  await append(path, 'here', 7)
  await append(other, 'there', 5)
  cpSync(idsOf(other), idsOf(path))
  await assert.rejects(
    journalIn(path),
    (error) =>
      error instanceof Fatal &&
      /ids\.sqlite knows another record 14 than the journal has: one of them was restored from another copy/.test(
        error.message
      ) &&
      /remove .*ids\.sqlite/.test(error.message)
  )
  rmSync(idsOf(path))
  assert.equal(await acceptedOf(path, 'here'), 0)
  assert.equal(await acceptedOf(path, 'there'), 1)
})

test('known ids of the same history may be older, from before it went another way too', async (t) => {
  const path = join(temporaryFolder(t), 'data')
  await append(path, 'first', 10)
  const older = join(temporaryFolder(t), 'ids')
  cpSync(idsOf(path), older)
  await append(path, 'second', 10)
  cpSync(older, idsOf(path))
  assert.equal(await acceptedOf(path, 'second'), 0)
})

test('known ids that do not say of which history they are, as they once did, are made again', async (t) => {
  const path = join(temporaryFolder(t), 'data')
  await append(path, 'first', 10)
  const db = new Database(idsOf(path))
  db.exec(`
    ALTER TABLE journal DROP COLUMN salt;
    DELETE FROM ranges;
  `)
  db.close()
  assert.equal(await acceptedOf(path, 'first'), 0)
  assert.equal(await acceptedOf(path, 'second'), 1)
  const { journal } = await journalIn(path)
  assert.equal(journal.end, 11)
  await journal.close()
})
