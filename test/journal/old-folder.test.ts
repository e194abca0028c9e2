import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Fatal } from '../../server/errors.ts'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, entry, journalIn } from '../support/journal.ts'
import { START_RECORDS } from '../support/life.ts'
import { runningService } from '../support/service.ts'

const RUN = '019a5344-9e0b-7c3f-8a51-6d1e0c9b7a42'

/** A folder of format 1 to the byte, as the first Playtrail wrote it: it has to open for ever. */
function folderOfFormat1(t: TestContext): string {
  const path = temporaryFolder(t)
  mkdirSync(join(path, 'journal'))
  mkdirSync(join(path, 'quarantine'))
  writeFileSync(join(path, 'playtrail.json'), '{"format":1,"log":"7c0f3c1e-5b0a-4b8e-9d55-2b1d8a3f6e10"}\n')
  const segment = [
    'UExBWVRSTAoBAEAAAAAAAHwPPB5bCkuOnVUrHYo/bhAAAAAAAAAAAABWuiOEXwYAAAAAAAAAAAAAAAAAU2+dGw==',
    'UFRSQ7fO5Zt/AAAAAAAAAAAAAAAAAAAAAAAAAABWuiOEXwYAAQcmAKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgYW5zaWJsZTAxOWE1MzQ0LTllMGItN2MzZi04YTUxLTZkMWUwYzliN2E0MjoweyJhIjoiw6QifQ==',
    'UFRSQyUGX2R3AAAAAQAAAAAAAAAAAAAAAAAAAAFWuiOEXwYAAQcmAKGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhYW5zaWJsZTAxOWE1MzQ0LTllMGItN2MzZi04YTUxLTZkMWUwYzliN2E0Mjoxe30=',
    'UFRSQ3ZVirZXAAAAAgAAAAAAAAACAAAAAAAAAAJWuiOEXwYAAQUDAKKioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKibG9jYWxvZGR7ImIiOjF9'
  ]
  writeFileSync(
    join(path, 'journal', '00000000000000000000.segment'),
    Buffer.concat(segment.map((text) => Buffer.from(text, 'base64')))
  )
  return path
}

test('a data folder of format 1 opens, reads as it was written, knows its ids, and goes on', async (t) => {
  const { journal } = await journalIn(folderOfFormat1(t))
  onEnd(t, () => journal.close())
  assert.equal(journal.id, '7c0f3c1e-5b0a-4b8e-9d55-2b1d8a3f6e10')
  const receivedAt = 1_793_871_000_000_000
  assert.deepEqual(await allRecords(journal), [
    recordOf(0, { synced: 0, receivedAt, sender: 'ansible', eventId: `${RUN}:0`, text: '{"a":"ä"}' }),
    recordOf(1, {
      synced: 0,
      receivedAt: receivedAt + 1,
      sender: 'ansible',
      eventId: `${RUN}:1`,
      text: '{}'
    }),
    recordOf(2, { synced: 2, receivedAt: receivedAt + 2, sender: 'local', eventId: 'odd', text: '{"b":1}' })
  ])
  const sent = [entry(`${RUN}:0`, '{"a":"ä"}'), entry('odd', '{"b":2}'), entry(`${RUN}:2`)]
  assert.deepEqual(await journal.append(sent, 's', 1), { accepted: 1, duplicates: 1, conflicts: [1] })
})

test('the service starts on a data folder of format 1', async (t) => {
  const service = await runningService(t, folderOfFormat1(t))
  assert.equal(service.journal.end, 3 + START_RECORDS)
})

test('a data folder of a newer format is refused', async (t) => {
  const path = folderOfFormat1(t)
  writeFileSync(
    join(path, 'playtrail.json'),
    '{"format":2,"log":"7c0f3c1e-5b0a-4b8e-9d55-2b1d8a3f6e10","new":1}'
  )
  await assert.rejects(
    journalIn(path),
    (error) => error instanceof Fatal && /format 2, this Playtrail knows 1: a newer one/.test(error.message)
  )
})

function recordOf(
  index: number,
  { text, ...rest }: { synced: number; receivedAt: number; sender: string; eventId: string; text: string }
): Record<string, unknown> {
  return { index, ...rest, salt: Buffer.alloc(32, 0xa0 + index), payload: Buffer.from(text) }
}
