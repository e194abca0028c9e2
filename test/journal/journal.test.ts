import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fatal, Problem } from '../../server/errors.ts'
import { limits } from '../../server/limits.ts'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, entry, journalIn, segmentPaths } from '../support/journal.ts'

test('what was appended reads back, with sender, time and a salt of its own, also after opening again', async (t) => {
  const path = temporaryFolder(t)
  const { journal } = await journalIn(path)
  await journal.append([entry('r:0', '{"a":1}'), entry('r:1', '{"a":2}')], 'ansible', 1_700_000_000_000_000)
  await journal.append([entry('r:2', '{"a":3}')], 'local', 1_700_000_000_000_001)
  const before = await allRecords(journal)
  await journal.close()

  const { journal: again } = await journalIn(path)
  onEnd(t, () => again.close())
  const after = await allRecords(again)
  assert.deepEqual(after, before)
  assert.deepEqual(
    after.map(({ index, sender, receivedAt, eventId, payload }) => [
      index,
      sender,
      receivedAt,
      eventId,
      payload.toString()
    ]),
    [
      [0, 'ansible', 1_700_000_000_000_000, 'r:0', '{"a":1}'],
      [1, 'ansible', 1_700_000_000_000_000, 'r:1', '{"a":2}'],
      [2, 'local', 1_700_000_000_000_001, 'r:2', '{"a":3}']
    ]
  )
  assert.equal(new Set(after.map(({ salt }) => salt.toString('hex'))).size, 3)
})

test('an id that was acknowledged is kept once, also in one batch, at the same time, and after a restart', async (t) => {
  const path = temporaryFolder(t)
  const { journal } = await journalIn(path)
  const batch = [entry('r:0'), entry('r:1'), entry('r:1'), entry('cloudtrail-1')]
  const [first, second] = await Promise.all([journal.append(batch, 'a', 1), journal.append(batch, 'b', 2)])
  assert.deepEqual(first, { accepted: 3, duplicates: 1, conflicts: [] })
  assert.deepEqual(second, { accepted: 0, duplicates: 4, conflicts: [] })
  assert.deepEqual(await journal.append(batch, 'c', 3), { accepted: 0, duplicates: 4, conflicts: [] })
  await journal.close()

  const { journal: again } = await journalIn(path)
  onEnd(t, () => again.close())
  assert.deepEqual(await again.append(batch, 'd', 4), { accepted: 0, duplicates: 4, conflicts: [] })
  assert.equal(again.end, 3)
})

test('an id with other bytes is a conflict, and the first bytes stay', async (t) => {
  const { journal } = await journalIn(temporaryFolder(t))
  onEnd(t, () => journal.close())
  const together = await journal.append([entry('r:0', '{"a":1}'), entry('r:0', '{"a":2}')], 'a', 1)
  assert.deepEqual(together, { accepted: 1, duplicates: 0, conflicts: [1] })
  const later = await journal.append([entry('r:0', '{"a":3}'), entry('r:0', '{"a":1}'), entry('r:1')], 'a', 1)
  assert.deepEqual(later, { accepted: 1, duplicates: 1, conflicts: [0] })
  assert.equal((await allRecords(journal))[0]?.payload.toString(), '{"a":1}')
})

test('however ids are mixed, repeated and sent at the same time, each is kept once, as it first came', async (t) => {
  const ids = fc
    .tuple(fc.constantFrom('a:', 'a:s', 'b:', 'odd-', 'a:0'), fc.nat(6))
    .map(([scope, number]) => `${scope}${number}`)
  const batches = fc.array(
    fc.array(fc.tuple(ids, fc.constantFrom('{"v":1}', '{"v":2}')), { minLength: 1, maxLength: 8 }),
    { maxLength: 8 }
  )
  await fc.assert(
    fc.asyncProperty(batches, fc.boolean(), async (plan, atOnce) => {
      const { journal } = await journalIn(temporaryFolder(t))
      const known = new Map<string, string>()
      const expected = plan.map((batch) => {
        const count = { accepted: 0, duplicates: 0, conflicts: [] as number[] }
        for (const [position, [id, text]] of batch.entries()) {
          const first = known.get(id)
          if (first === undefined) {
            known.set(id, text)
            count.accepted += 1
          } else if (first === text) count.duplicates += 1
          else count.conflicts.push(position)
        }
        return count
      })
      const send = (batch: [string, string][]): Promise<unknown> =>
        journal.append(
          batch.map(([id, text]) => entry(id, text)),
          's',
          1
        )
      const results: unknown[] = []
      if (atOnce) results.push(...(await Promise.all(plan.map(send))))
      else for (const batch of plan) results.push(await send(batch))
      assert.deepEqual(results, expected)
      const kept = (await allRecords(journal)).map(({ eventId, payload }) => [eventId, payload.toString()])
      assert.deepEqual(new Map(kept as [string, string][]), known)
      assert.equal(kept.length, known.size)
      await journal.close()
    }),
    { numRuns: 60 }
  )
})

test('the journal goes on in a new segment, and every record is found by its index', async (t) => {
  const path = temporaryFolder(t)
  const { folder, journal } = await journalIn(path)
  const text = JSON.stringify({ pad: 'x'.repeat(200_000) })
  const small = 3_000
  await journal.append(
    Array.from({ length: small }, (_, i) => entry(`small:${i}`)),
    's',
    1
  )
  const large = Math.ceil((limits.segmentBytesMax * 1.2) / text.length)
  for (let i = 0; i < large; i++) await journal.append([entry(`large:${i}`, text)], 's', 1)
  assert.equal(segmentPaths(folder).length, 2)
  await journal.close()

  const { journal: again } = await journalIn(path)
  onEnd(t, () => again.close())
  assert.equal(again.end, small + large)
  for (const index of [0, 1, 1_023, 1_024, 2_999, 3_000, again.end - 60, again.end - 1]) {
    const batch = await again.read(index)
    assert.equal(batch?.first, index)
  }
  const ids = (await allRecords(again, 1_500)).map(({ eventId }) => eventId)
  assert.equal(ids[0], 'small:1500')
  assert.equal(ids.at(-1), `large:${large - 1}`)
  assert.deepEqual(await again.append([entry('large:7', text)], 's', 1), {
    accepted: 0,
    duplicates: 1,
    conflicts: []
  })
  assert.equal(await again.read(again.end), undefined)
})

test('a reader that waits is woken by the next record, and by its signal', async (t) => {
  const { journal } = await journalIn(temporaryFolder(t))
  onEnd(t, () => journal.close())
  const woken = journal.waitBeyond(0, new AbortController().signal)
  await journal.append([entry('r:0')], 's', 1)
  await woken
  const stop = new AbortController()
  const waiting = journal.waitBeyond(1, stop.signal)
  stop.abort()
  await waiting
})

test('more than may wait for the disk is refused, and nothing of it is kept', async (t) => {
  const { journal } = await journalIn(temporaryFolder(t))
  onEnd(t, () => journal.close())
  const text = JSON.stringify({ pad: 'x'.repeat(limits.eventBytesMax - 100) })
  const count = Math.ceil(limits.appendQueueBytesMax / text.length) + 2
  const sent = await Promise.allSettled(
    Array.from({ length: count }, (_, i) => journal.append([entry(`r:${i}`, text)], 's', 1))
  )
  const refused = sent.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  assert.ok(refused.length > 0)
  assert.ok(refused.every((reason) => reason instanceof Problem && reason.code === 'overloaded'))
  assert.equal(journal.end, count - refused.length)
  assert.deepEqual(await journal.append([entry(`r:${count - 1}`, text)], 's', 1), {
    accepted: 1,
    duplicates: 0,
    conflicts: []
  })
})

test('a second server on the same data folder is refused, and may start when the first has ended', async (t) => {
  const path = temporaryFolder(t)
  const { journal } = await journalIn(path)
  await assert.rejects(
    journalIn(path),
    (error) => error instanceof Fatal && /another Playtrail works on this data folder/.test(error.message)
  )
  await journal.append([entry('r:0')], 's', 1)
  await journal.close()
  const { journal: next } = await journalIn(path)
  await next.close()
})

test('an append after the close is refused, and what came before it is kept', async (t) => {
  const path = temporaryFolder(t)
  const { journal } = await journalIn(path)
  const before = journal.append([entry('r:0')], 's', 1)
  const closed = journal.close()
  await assert.rejects(
    journal.append([entry('r:1')], 's', 1),
    (error) => error instanceof Problem && /stopping/.test(error.message)
  )
  assert.equal((await before).accepted, 1)
  await closed
  const { journal: again } = await journalIn(path)
  assert.equal(again.end, 1)
  await again.close()
})

test('ids that only look alike are different ids', async (t) => {
  const { journal } = await journalIn(temporaryFolder(t))
  onEnd(t, () => journal.close())
  const ids = ['a:', '=a:0', 'a:0', 'a:s0', 'a:00', 'a', ':0', 'a:s']
  assert.equal(
    (
      await journal.append(
        ids.map((id) => entry(id, JSON.stringify({ id }))),
        's',
        1
      )
    ).accepted,
    ids.length
  )
})
