import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SealWorker } from '../../server/seal/worker.ts'
import { openCaller } from '../../server/worker-calls.ts'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { logWorld, remembered, sealed } from './world.ts'

test('what the sealing thread was told to seal before a halt is not signed after it', async (t) => {
  const world = await logWorld(temporaryFolder(t))
  onEnd(t, () => world.close())
  await world.add(10)
  await sealed(world)
  await world.add(500)
  const before = remembered(world)
  const file = new URL('../../server/seal/worker.ts', import.meta.url)
  const worker = openCaller<SealWorker>(file, world.folders, 'log')
  onEnd(t, () => worker.close())
  let { next } = await worker.call('open', { journalEnd: world.journal.end, anchored: [] })
  while (next < world.journal.end) {
    const batch = (await world.journal.read(next)) ?? assert.fail('the journal has no such record')
    ;({ next } = await worker.call('append', batch))
  }
  const halted = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  // The thread still has these to answer when the halt comes. They change nothing.
  const other = { text: 'of another checkpoint', lines: '' }
  const asked = Array.from({ length: 2_000 }, () => worker.call('addSignatures', other))
  const seal = worker.call('seal', { halted })
  Atomics.store(new Int32Array(halted), 0, 1)
  await Promise.allSettled(asked)
  assert.equal((await seal).size, 10)
  assert.deepEqual(remembered(world), before)
})
