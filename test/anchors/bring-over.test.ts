import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords } from '../support/journal.ts'
import { anchoredService, copyFolder, refusal, send } from './world.ts'

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))

/** The lines of docs/evidence.md, for this folder and this service. */
function commandFor(folder: string, url: string): string {
  const page = readFileSync(join(REPOSITORY, 'docs/evidence.md'), 'utf8')
  const command = /npx (playtrail journal dump --events [^`]*)```/.exec(page)?.[1] ?? assert.fail('none')
  return command
    .replace('playtrail', `'${process.execPath}' '${join(REPOSITORY, 'server/main.ts')}'`)
    .replace('/var/lib/playtrail.rolled-back', folder)
    .replace('https://audit.example.org', url)
}

test('what a folder received that had been put back is brought over, once, as the page on evidence says', async (t) => {
  const [dataDir, elsewhere] = [temporaryFolder(t), temporaryFolder(t)]
  const [anchorFile, older, newest, away] = ['checkpoint', 'older', 'newest', 'away'].map((name) =>
    join(elsewhere, name)
  ) as [string, string, string, string]
  for (const count of [20, 70]) {
    const service = await anchoredService(t, { dataDir, anchorFile })
    await send(service, count)
    await service.stop()
    copyFolder(dataDir, count === 20 ? older : newest)
  }
  copyFolder(older, dataDir)
  // The anchor cannot be asked: as on a disk that is not mounted.
  await rename(anchorFile, `${anchorFile}.away`)
  const meanwhile = await anchoredService(t, { dataDir, anchorFile })
  await send(meanwhile, 40)
  await meanwhile.stop()
  await rename(`${anchorFile}.away`, anchorFile)
  assert.match(await refusal({ dataDir, anchorFile }), /bring over what this folder received meanwhile/)

  copyFolder(dataDir, away)
  copyFolder(newest, dataDir)
  const service = await anchoredService(t, { dataDir, anchorFile })
  const sentIds = async (): Promise<string[]> =>
    (await allRecords(service.journal))
      .filter(({ sender }) => sender !== 'server')
      .map(({ eventId }) => eventId)
  const [before, end] = [await sentIds(), service.journal.end]
  assert.equal(before.length, 90)
  for (let times = 0; times < 2; times++) {
    const { stdout } = await promisify(execFile)('sh', ['-c', commandFor(away, service.url)], {
      env: { PATH: process.env.PATH, TOKEN: 'none' }
    })
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      [
        answers.reduce((sum, { accepted }) => sum + accepted, 0),
        answers.reduce((sum, { duplicates }) => sum + duplicates, 0),
        answers.flatMap(({ rejected }) => rejected)
      ],
      times === 0 ? [40, 20, []] : [0, 60, []]
    )
  }
  const after = await sentIds()
  assert.deepEqual([after.length, new Set(after).size], [130, 130])
  assert.ok(service.journal.end >= end + 40)
})
