import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { verdictOf } from '../../server/index/elasticsearch/bulk-answer.ts'
import { createBulkQueue, type Waiting } from '../../server/index/elasticsearch/bulk-queue.ts'
import { createPace } from '../../server/index/elasticsearch/pace.ts'
import { addNumber, type Ranges } from '../../server/index/elasticsearch/ranges.ts'
import { limits } from '../../server/limits.ts'

test('ranges hold the same numbers as a set, in order and joined', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60), { maxLength: 120 }), (numbers) => {
      const ranges: Ranges = []
      const set = new Set<number>()
      for (const number of numbers) {
        assert.equal(addNumber(ranges, number), !set.has(number))
        set.add(number)
      }
      const held = ranges.flatMap(([first, last]) =>
        Array.from({ length: last - first + 1 }, (_, at) => first + at)
      )
      assert.deepEqual(
        held,
        [...set].sort((one, other) => one - other)
      )
      ranges.slice(1).forEach(([first], at) => {
        assert.ok(first > (ranges[at]?.[1] ?? 0) + 1, 'neighbours are joined')
      })
    })
  )
})

const verdicts: [what: string, item: Parameters<typeof verdictOf>[0], kind: string][] = [
  ['created', { status: 201 }, 'created'],
  ['updated', { status: 200 }, 'created'],
  ['there already', { status: 409 }, 'present'],
  ['not such a document', { status: 400, error: { type: 'document_parsing_exception' } }, 'refused'],
  ['too large', { status: 413 }, 'refused'],
  ['no right or a block', { status: 403 }, 'again'],
  ['a key that is not known', { status: 401 }, 'again'],
  ['an index that is missing', { status: 404 }, 'again'],
  ['in time not', { status: 408 }, 'again'],
  ['too much, or a full disk', { status: 429 }, 'again'],
  ['an error of the server', { status: 500 }, 'again'],
  ['a shard that is away', { status: 503 }, 'again'],
  ['put aside', { status: 201, failure_store: 'used' }, 'refused'],
  ['could be put aside', { status: 400, failure_store: 'not_enabled' }, 'refused'],
  ['written as ever', { status: 201, failure_store: 'not_applicable_or_unknown' }, 'created']
]
for (const [what, item, kind] of verdicts)
  test(`an item that is ${what} (${item.status}) means: ${kind}`, () => {
    assert.equal(verdictOf(item).kind, kind)
  })

test('the reason of an item names the error and its cause', () => {
  const error = { type: 'a', reason: 'b', caused_by: { type: 'c', reason: 'd' } }
  assert.deepEqual(verdictOf({ status: 400, error }), { kind: 'refused', reason: 'a: b; c: d' })
  assert.deepEqual(verdictOf({ status: 400 }), { kind: 'refused', reason: 'status 400' })
})

test('the pace halves when Elasticsearch fails, and grows by one after many successes', () => {
  const pace = createPace(() => 1)
  assert.equal(pace.requestsMax, limits.bulkRequestsStart)
  for (let times = 0; times < limits.bulkSuccessesBeforeMore; times++) pace.succeeded()
  assert.equal(pace.requestsMax, limits.bulkRequestsStart + 1)
  for (let times = 0; times < 1_000; times++) pace.succeeded()
  assert.equal(pace.requestsMax, limits.bulkRequestsMax)
  pace.failed()
  assert.equal(pace.requestsMax, limits.bulkRequestsMax / 2)
  for (let times = 0; times < 9; times++) pace.failed()
  assert.equal(pace.requestsMax, 1)
})

test('the longest pause doubles up to the limit, and begins anew after a success', () => {
  const pace = createPace(() => 1)
  const pauses = Array.from({ length: 2_000 }, () => pace.failed())
  assert.deepEqual(
    pauses.slice(0, 3),
    [1, 2, 4].map((times) => times * limits.bulkRetryDelayMs)
  )
  assert.equal(Math.max(...pauses), limits.bulkRetryDelayMsMax)
  assert.equal(pauses.at(-1), limits.bulkRetryDelayMsMax)
  pace.succeeded()
  assert.equal(pace.failed(), limits.bulkRetryDelayMs)
})

test('a request that was too large makes the next ones smaller, and not of fewer documents', () => {
  const pace = createPace()
  pace.tooLarge(1_000)
  assert.equal(pace.bytesMax, 500)
  pace.tooLarge(4_000)
  assert.equal(pace.bytesMax, 500)
  assert.equal(pace.operationsMax, limits.bulkOperationsMax)
})

test('a server that fails again and again is sent smaller requests, until it takes them', () => {
  const pace = createPace()
  pace.tooLarge(2_000_000)
  for (let times = 0; times < 40; times++) pace.failed()
  assert.equal(pace.bytesMax, limits.bulkBytesMin)
  pace.succeeded()
  assert.equal(pace.bytesMax, 2 * limits.bulkBytesMin)
  for (let times = 0; times < 40; times++) pace.succeeded()
  assert.equal(pace.bytesMax, 1_000_000)
})

test('a queue gives everything once, in order, within the bytes of a request or alone', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 40 }),
      (sizes, bytesMax) => {
        const pace = createPace()
        pace.tooLarge(2 * bytesMax)
        const queue = createBulkQueue(pace)
        const all = sizes.map((bytes, at) => waiting(`${at}`, bytes))
        queue.add(all)
        const given: Waiting[] = []
        let isPutBack = false
        while (!queue.isEmpty) {
          const taken = queue.take()
          const bytes = taken.reduce((sum, one) => sum + one.bytes, 0)
          assert.ok(taken.length === 1 || bytes <= bytesMax)
          // Every second one fails at first.
          isPutBack = !isPutBack
          if (isPutBack) queue.putBack(taken)
          else given.push(...taken)
        }
        assert.deepEqual(given, all)
      }
    )
  )
})

test('what nobody waits for any more is not taken', () => {
  const queue = createBulkQueue(createPace())
  queue.add([waiting('a', 1), { ...waiting('b', 1), isGone: () => true }, waiting('c', 1)])
  assert.deepEqual(
    queue.take().map(({ operation }) => operation.id),
    ['a', 'c']
  )
  assert.ok(queue.isEmpty)
})

test('few documents wait a little for more, many and what was put back do not', () => {
  let now = 1_000
  const queue = createBulkQueue(createPace(), () => now)
  queue.add([waiting('a', 1)])
  assert.equal(queue.gatherMs(), limits.bulkGatherMsMax)
  now += limits.bulkGatherMsMax
  assert.equal(queue.gatherMs(), 0)
  now -= 1
  queue.add([waiting('large', limits.bulkBytesMax)])
  assert.equal(queue.gatherMs(), 0)
  queue.putBack(queue.take())
  assert.ok(queue.gatherMs() <= 0)
})

function waiting(id: string, bytes: number): Waiting {
  const operation = { id, target: 'index', action: '', source: '', isAppend: true }
  return { operation, bytes, tries: 0, triesAlone: 0, isGone: () => false, settle: () => undefined }
}
