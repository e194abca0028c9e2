import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { verifyIndex } from '../../server/cli/verify-index.ts'
import { readConfig } from '../../server/config.ts'
import { Findings } from '../../server/verify/findings.ts'
import { temporaryFolder } from '../support/folder.ts'
import { randomOf } from '../support/random.ts'
import { index, makeEvidence, SIZE } from './world.ts'

const MUTATIONS = Math.ceil(Number(process.env.VERIFY_MUTATIONS ?? 40) / 4)
const SEED = Number(process.env.VERIFY_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** Of the event of a record (`?`); a finding names the record. */
const ofEvents = [
  'DELETE FROM events WHERE record = ?',
  'UPDATE events SET timestamp = timestamp + 1 WHERE record = ?',
  'UPDATE events SET received = received - 1 WHERE record = ?',
  "UPDATE events SET sender = 'nobody' WHERE record = ?",
  'UPDATE events SET payload = CAST(replace(CAST(payload AS TEXT), \'"event"\', \'"Event"\') AS BLOB) WHERE record = ?',
  "UPDATE events SET id = id || '-0' WHERE record = ?",
  'UPDATE events SET user = (SELECT max(key) FROM names) WHERE record = ?'
] as const
/** Of a result or a run: a finding names the document. */
const ofOthers = [
  'DELETE FROM results WHERE record = ?',
  "UPDATE results SET status = 'skipped' WHERE record = ?",
  'UPDATE runs SET ok = ok + 1 WHERE key = 1 + ? % 50',
  "UPDATE runs SET status = 'unreachable' WHERE key = 1 + ? % 50",
  'DELETE FROM runs WHERE key = 1 + ? % 50'
] as const

test(`each of ${MUTATIONS} changes of the index is found (VERIFY_SEED=${SEED})`, async (t) => {
  const { folder } = await makeEvidence(t)
  await index(folder)
  const saved = join(temporaryFolder(t), 'index')
  cpSync(folder.index, saved)
  const config = readConfig({ dataDir: folder.path, store: 'sqlite' }, {})
  const progress = { show: () => undefined, clear: async () => undefined }
  const check = async (): Promise<Findings> => {
    const findings = new Findings()
    await verifyIndex({ config, folder, size: SIZE }, findings, progress)
    return findings
  }
  assert.deepEqual((await check()).first, [])

  const random = randomOf(SEED)
  for (let round = 0; round < MUTATIONS; ) {
    for (const suffix of ['-wal', '-shm']) rmSync(`${folder.index}${suffix}`, { force: true })
    cpSync(saved, folder.index)
    const record = random.integer(SIZE)
    const sql = random.pick([...ofEvents, ...ofOthers])
    const db = new Database(folder.index)
    db.pragma('foreign_keys = off')
    const { changes } = db.prepare(sql).run(record)
    db.close()
    // Not every event is a result.
    if (changes === 0) continue
    const { first, unchecked } = await check()
    const told = `round ${round}: ${sql}, ${record} → ${JSON.stringify([first.slice(0, 3), unchecked])}`
    assert.ok(first.length > 0, told)
    if (ofEvents.some((one) => one === sql))
      assert.ok(
        first.some(({ leaf }) => leaf === record),
        told
      )
    round += 1
  }
})
