import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { onEnd } from '../support/cleanup.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords } from '../support/journal.ts'
import { get, post, runningService } from '../support/service.ts'

/** A file system of its own that is small enough to be filled. */
function smallDisk(folder: string, sizeMiB: number): string | undefined {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', folder])
  return mounted.status === 0 ? folder : undefined
}

test('a full disk answers 503 and says when to come back; nothing acknowledged is lost, and space heals it', async (t) => {
  const folder = temporaryFolder(t)
  const disk = smallDisk(folder, 24)
  if (disk === undefined) return t.skip('mounting a small tmpfs needs root')
  onEnd(t, () => spawnSync('umount', [folder]))
  const dataDir = join(folder, 'data')
  mkdirSync(dataDir)
  const service = await runningService(t, dataDir)

  const run = runId()
  const acknowledged: string[] = []
  const ballast = join(folder, 'ballast')
  let refused: Awaited<ReturnType<typeof post>> | undefined
  for (let sequence = 0; refused === undefined && sequence < 2_000; sequence++) {
    if (sequence === 20) writeFileSync(ballast, Buffer.alloc(Math.max(0, freeBytes(folder) - 300_000)))
    const event = resultEvent(run, sequence)
    if (event.ansible?.result) event.ansible.result.stdout = 'x'.repeat(8_000)
    const answer = await post(service, ndjson([event]))
    if (answer.status === 200) acknowledged.push(event.event.id)
    else refused = answer
  }
  assert.deepEqual([refused?.status, refused?.body.code], [503, 'journal_full'])
  assert.equal(refused?.headers.get('retry-after'), '5')
  assert.match(refused?.body.detail, /disk is full/)
  assert.equal((await get(service, '/healthz')).status, 200)

  rmSync(ballast)
  const again = resultEvent(run, acknowledged.length)
  assert.equal((await post(service, ndjson([again]))).body.accepted, 1)
  const kept = (await allRecords(service.journal)).map(({ eventId }) => eventId)
  assert.deepEqual(kept, [...acknowledged, again.event.id])
})

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
