import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import type { JournalRecord } from '../../server/journal/record.ts'
import { commitmentOf, isCommitment } from '../../server/seal/commitment.ts'
import { actorMessage, leafOf } from '../../server/seal/leaf.ts'
import { resultEvent, runId } from '../support/events.ts'

const examples = new URL('../../schemas/examples/valid/', import.meta.url)
const salt = Buffer.alloc(32, 9)

function record(payload: string | Buffer, more: Partial<JournalRecord> = {}): JournalRecord {
  return {
    index: 4_711,
    synced: 4_700,
    receivedAt: 1_770_000_000_123_456,
    sender: 'ansible',
    eventId: '019b0000-0000-7000-8000-000000000000:7',
    salt,
    payload: Buffer.from(payload),
    ...more
  }
}

/** RFC 8785, of what JSON.parse gives: another way to it than the leaf's. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(',')}}`
}

test('the leaf of an event says what happened, and neither who nor where in clear text', () => {
  const run = runId()
  const event = resultEvent(run, 7, 'db-01.example.org')
  const payload = JSON.stringify(event)
  const text = leafOf(record(payload)).toString('utf8')
  assert.deepEqual(JSON.parse(text), {
    '@timestamp': event['@timestamp'],
    actor: {
      algorithm: 'HMAC-SHA256',
      commitment: createHmac('sha256', salt).update('actor:alice').digest('base64')
    },
    event: {
      action: 'host.result',
      id: '019b0000-0000-7000-8000-000000000000:7',
      ingested: '2026-02-02T02:40:00.123456Z',
      outcome: 'success',
      sequence: 7
    },
    payload: {
      algorithm: 'HMAC-SHA256',
      bytes: payload.length,
      commitment: createHmac('sha256', salt).update(payload).digest('base64')
    },
    playtrail: { index: 4_711, principal: 'ansible', sender: 'ansible' },
    run: { id: run },
    version: 1
  })
  for (const name of ['alice', 'db-01', 'control-1', 'site.yml']) assert.ok(!text.includes(name), name)
})

test('an event that came without a token has no principal', () => {
  const { playtrail } = JSON.parse(leafOf(record('{}', { sender: 'local' })).toString())
  assert.deepEqual(playtrail, { index: 4_711, sender: 'local' })
})

test('every example of the schemas has a leaf in canonical JSON', () => {
  const names = readdirSync(examples)
  assert.ok(names.length > 10)
  for (const name of names) {
    const leaf = leafOf(record(readFileSync(new URL(name, examples))))
    const text = leaf.toString('utf8')
    assert.equal(text, canonical(JSON.parse(text)), name)
    assert.ok(JSON.parse(text).event.action, name)
  }
})

test('whatever a record holds, its leaf is canonical JSON of at most 65,535 bytes, and always the same', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 2_000 }),
    fc.constantFrom('\u0001'.repeat(1_024), '\ud800', '€'.repeat(1_024), '"'.repeat(1_025), '𝄞'.repeat(512)),
    fc.jsonValue()
  )
  const event = fc.record(
    {
      '@timestamp': texts,
      event: fc.record({ action: texts, id: texts, outcome: texts, sequence: fc.oneof(fc.double(), texts) }),
      run: fc.record({ id: texts }),
      user: fc.oneof(fc.record({ name: texts }), texts),
      ansible: fc.record({ redacted: fc.oneof(fc.integer(), fc.constant(-0), texts) })
    },
    { requiredKeys: [] }
  )
  const payloads = fc.oneof(
    event.map((each) => Buffer.from(JSON.stringify(each))),
    fc.jsonValue().map((each) => Buffer.from(JSON.stringify(each))),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes))
  )
  const ids = fc.oneof(fc.string(), fc.constantFrom('\u0001'.repeat(1_024), 'x'.repeat(65_535)))
  const senders = fc.constantFrom('ansible', '\u0001'.repeat(255))
  fc.assert(
    fc.property(payloads, ids, senders, (payload, eventId, sender) => {
      const leaf = leafOf(record(payload, { eventId, sender }))
      const text = leaf.toString('utf8')
      assert.ok(leaf.length <= 65_535, `${leaf.length} bytes`)
      assert.equal(text, canonical(JSON.parse(text)))
      assert.ok(leaf.equals(leafOf(record(payload, { eventId, sender }))))
    }),
    { numRuns: 500 }
  )
})

test('the longest leaf that there can be fits into an entry', () => {
  const long = '\u0001'.repeat(1_024)
  const event = { '@timestamp': long, event: { action: long, outcome: long }, run: { id: long } }
  const leaf = leafOf(record(JSON.stringify(event), { eventId: long, sender: '\u0001'.repeat(255) }))
  assert.ok(leaf.length > 30_000 && leaf.length <= 65_535, `${leaf.length} bytes`)
})

test('a commitment is the HMAC-SHA256 of the payload under the salt, and of nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), (bytes, pick) => {
      const key = randomBytes(32)
      const commitment = commitmentOf(key, bytes)
      assert.ok(commitment.equals(createHmac('sha256', key).update(bytes).digest()))
      assert.ok(isCommitment(commitment, key, bytes))
      assert.ok(!isCommitment(commitment, randomBytes(32), bytes))
      const changed = Buffer.from(bytes)
      if (changed.length === 0) return
      const at = pick % changed.length
      changed[at] = (changed[at] ?? 0) ^ (1 << (pick % 8))
      assert.ok(!isCommitment(commitment, key, changed))
    })
  )
  const long = Buffer.alloc(300_000, 5)
  assert.ok(commitmentOf(salt, long).equals(createHmac('sha256', salt).update(long).digest()))
})

test('the message of an actor can be no event', () => {
  assert.throws(() => JSON.parse(actorMessage('{}').toString()))
})
