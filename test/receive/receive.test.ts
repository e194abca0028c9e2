import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { limits } from '../../server/limits.ts'
import type { Quarantined } from '../../server/receive/quarantine.ts'
import type { Service } from '../../server/service.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { allRecords } from '../support/journal.ts'
import { START_RECORDS } from '../support/life.ts'
import { get, post, runningService } from '../support/service.ts'

/** Everything in the quarantine of a service, in order. */
function quarantined({ folder }: Service): Quarantined[] {
  return readdirSync(folder.quarantine)
    .sort()
    .flatMap((name) => readFileSync(join(folder.quarantine, name), 'utf8').trimEnd().split('\n'))
    .map((line) => JSON.parse(line))
}

function eventsOf(run: string, count: number): ReturnType<typeof resultEvent>[] {
  return Array.from({ length: count }, (_, sequence) => resultEvent(run, sequence))
}

test('events are acknowledged as NDJSON, as one object, as an array, and gzipped', async (t) => {
  const service = await runningService(t)
  const run = runId()
  const events = eventsOf(run, 6)
  const json = { 'content-type': 'application/json; charset=utf-8' }
  const sent = [
    await post(service, ndjson(events.slice(0, 2))),
    await post(service, JSON.stringify(events[2], null, 2), json),
    await post(service, JSON.stringify(events.slice(3, 5)), json),
    await post(service, gzipSync(ndjson(events.slice(5))), { 'content-encoding': 'gzip' })
  ]
  assert.deepEqual(
    sent.map(({ status, body }) => [status, body]),
    [2, 1, 2, 1].map((accepted) => [200, { accepted, duplicates: 0, rejected: [] }])
  )
  const kept = (await allRecords(service.journal, START_RECORDS)).map(({ payload }) => payload.toString())
  assert.deepEqual(
    kept,
    events.map((event) => JSON.stringify(event))
  )
})

test('what is kept is the bytes that came, spaces and escapes included', async (t) => {
  const service = await runningService(t)
  const line = JSON.stringify(resultEvent(runId(), 0)).replace('"web-01"', ' "web\\u002d01" ')
  assert.equal((await post(service, `\r\n${line}\r\n\n`)).body.accepted, 1)
  assert.equal((await allRecords(service.journal, START_RECORDS))[0]?.payload.toString(), line)
})

test('an invalid line 3 of 5 is refused and kept in quarantine; the other four are kept as events', async (t) => {
  const service = await runningService(t)
  const lines = ndjson(eventsOf(runId(), 5)).split('\n')
  lines[2] = '{"@timestamp": nonsense}'
  const { status, body } = await post(service, lines.join('\n'))
  assert.equal(status, 200)
  assert.equal(body.accepted, 4)
  assert.equal(body.rejected.length, 1)
  assert.equal(body.rejected[0].line, 3)
  assert.equal(body.rejected[0].code, 'json_invalid')
  assert.match(body.rejected[0].message, /Expected JSON, one object a line/)
  const [entry, ...others] = quarantined(service)
  assert.deepEqual(others, [])
  assert.deepEqual(
    [entry?.code, entry?.line, entry?.content, entry?.encoding, entry?.sender],
    ['json_invalid', 3, lines[2], 'utf8', 'local']
  )
})

const wrong: [
  what: string,
  change: (event: Record<string, unknown>) => unknown,
  code: string,
  pointer: string,
  message: RegExp
][] = [
  [
    'an unknown field',
    (event) => ({ ...event, hsot: {} }),
    'event_invalid',
    '/hsot',
    /hsot: this field is not known/
  ],
  [
    'an unknown field within a group',
    (event) => ({ ...event, host: { name: 'a', nmae: 'b' } }),
    'event_invalid',
    '/host/nmae',
    /host\.nmae: this field is not known/
  ],
  [
    'a wrong type',
    (event) => ({ ...event, host: { name: 7 } }),
    'event_invalid',
    '/host/name',
    /host\.name: expected string/
  ],
  [
    'a missing field',
    ({ host: _host, ...event }) => event,
    'event_invalid',
    '/host',
    /host: this field is required/
  ],
  [
    'a wrong value',
    (event) => ({ ...event, ansible: { task: { id: 't', name: 'n' }, result: { status: 'fine' } } }),
    'event_invalid',
    '/ansible/result/status',
    /expected one of ok, changed/
  ],
  [
    'a field of the server',
    (event) => ({ ...event, playtrail: { index: 0 } }),
    'event_invalid',
    '/playtrail',
    /not known/
  ],
  [
    'an id of another run',
    (event) => ({ ...event, run: { id: runId() } }),
    'event_id_mismatch',
    '/event/id',
    /event\.id: expected ".+:0", made of run\.id and event\.sequence; got/
  ],
  [
    'an event in the name of the server',
    (event) => ({ ...event, event: { ...(event.event as object), provider: 'server' } }),
    'provider_reserved',
    '/event/provider',
    /expected callback or shipper; got "server"/
  ],
  [
    'an id of the server',
    ({ event, ...rest }) => ({
      ...rest,
      event: { ...(event as object), id: `${(rest.run as { id: string }).id}:v0` }
    }),
    'event_id_mismatch',
    '/event/id',
    /expected ".+:0", made of/
  ],
  [
    'an id of the callback for an event of the shipper',
    (event) => ({ ...event, event: { ...(event.event as object), provider: 'shipper' } }),
    'event_id_mismatch',
    '/event/id',
    /expected ".+:s0", made of/
  ],
  ['a JSON value that is no object', () => [1], 'json_invalid', '', /Expected a JSON object, got an array/]
]

for (const [what, change, code, pointer, message] of wrong) {
  test(`${what} is refused with its place, and what was expected`, async (t) => {
    const service = await runningService(t)
    const { status, body, headers } = await post(service, ndjson([change({ ...resultEvent(runId(), 0) })]))
    assert.equal(status, 400)
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/)
    assert.equal(body.code, 'batch_refused')
    assert.equal(body.rejected[0].code, code)
    assert.equal(body.rejected[0].pointer, pointer)
    assert.match(body.rejected[0].message, message)
    assert.equal(service.journal.end, START_RECORDS)
    assert.equal(quarantined(service).length, 1)
  })
}

test('bytes that are not UTF-8 are refused, and kept as they came', async (t) => {
  const service = await runningService(t)
  const bytes = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])
  const { body } = await post(service, bytes)
  assert.match(body.rejected[0].message, /not valid UTF-8/)
  const [entry] = quarantined(service)
  assert.equal(entry?.encoding, 'base64')
  assert.deepEqual(Buffer.from(entry?.content ?? '', 'base64'), bytes)
})

test('the same event twice is a duplicate; the same id with other content is refused and kept in quarantine', async (t) => {
  const service = await runningService(t)
  const event = resultEvent(runId(), 0)
  await post(service, ndjson([event]))
  assert.deepEqual((await post(service, ndjson([event]))).body, { accepted: 0, duplicates: 1, rejected: [] })
  const changed = { ...event, host: { name: 'other' } }
  const { status, body } = await post(service, ndjson([changed, event]))
  assert.equal(status, 200)
  assert.equal(body.duplicates, 1)
  assert.equal(body.rejected[0].code, 'event_conflict')
  assert.equal(quarantined(service)[0]?.content, JSON.stringify(changed))
  assert.equal(service.journal.end, START_RECORDS + 2, 'the event, and that its id was used again')
})

test('a batch of one event more than the limit is refused whole, one of exactly the limit is kept', async (t) => {
  const service = await runningService(t)
  const events = eventsOf(runId(), limits.batchEventsMax + 1)
  const { status, body } = await post(service, ndjson(events))
  assert.deepEqual([status, body.code], [413, 'batch_too_large'])
  assert.match(body.detail, /at most 2000 events/)
  assert.equal(service.journal.end, START_RECORDS)
  assert.equal((await post(service, ndjson(events.slice(1)))).body.accepted, limits.batchEventsMax)
})

test('an event of one byte more than the limit is refused, one of exactly the limit is not refused for its size', async (t) => {
  const service = await runningService(t)
  const padded = (bytes: number): string =>
    JSON.stringify(resultEvent(runId(), 0)).replace(/}$/, `${' '.repeat(bytes)}}`)
  const short = Buffer.byteLength(padded(0))
  const exact = await post(service, padded(limits.eventBytesMax - short))
  assert.equal(exact.body.accepted, 1)
  const { status, body } = await post(service, padded(limits.eventBytesMax - short + 1))
  assert.deepEqual([status, body.rejected[0].code], [400, 'event_too_large'])
  assert.match(body.rejected[0].message, /at most 262144 bytes for one event, got 262145/)
})

test('a body over the limit is refused, plain, gzipped, and as a gzip bomb', async (t) => {
  const service = await runningService(t)
  const bodies: [string, Buffer<ArrayBuffer>, Record<string, string>][] = [
    ['plain', Buffer.alloc(limits.batchBytesMax + 1, 0x20), {}],
    [
      'gzip that is too large as it comes',
      Buffer.alloc(limits.batchGzipBytesMax + 1, 1),
      { 'content-encoding': 'gzip' }
    ],
    ['gzip bomb', gzipSync(Buffer.alloc(200 * 2 ** 20)), { 'content-encoding': 'gzip' }]
  ]
  for (const [what, bytes, headers] of bodies) {
    const { status, body } = await post(service, bytes, headers)
    assert.deepEqual([status, body.code], [413, 'batch_too_large'], what)
    assert.match(body.detail, /send it in parts/)
  }
  assert.equal(service.journal.end, START_RECORDS)
})

test('a broken gzip stream is refused and kept in quarantine, wherever it breaks', async (t) => {
  const service = await runningService(t)
  const whole = gzipSync(ndjson(eventsOf(runId(), 3)))
  const flipped = Buffer.from(whole)
  flipped.writeUInt8(flipped.readUInt8(whole.length - 6) ^ 1, whole.length - 6)
  for (const broken of [
    whole.subarray(0, 5),
    whole.subarray(0, whole.length - 1),
    flipped,
    Buffer.from('no gzip at all')
  ]) {
    const { status, body } = await post(service, broken, { 'content-encoding': 'gzip' })
    assert.deepEqual([status, body.code], [400, 'gzip_invalid'])
    assert.match(body.detail, /Expected a whole gzip stream/)
    assert.deepEqual(
      Buffer.from(quarantined(service).at(-1)?.content ?? '', 'base64').equals(broken) ||
        quarantined(service).at(-1)?.content === broken.toString(),
      true
    )
  }
  assert.equal(service.journal.end, START_RECORDS)
})

test('a wrong content type, a wrong encoding, an empty body and JSON that is none say what was expected', async (t) => {
  const service = await runningService(t)
  const cases: [string | Uint8Array<ArrayBuffer>, Record<string, string>, number, string][] = [
    ['{}', { 'content-type': 'text/plain' }, 415, 'media_type_unsupported'],
    ['{}', { 'content-encoding': 'br' }, 415, 'encoding_unsupported'],
    ['', {}, 400, 'batch_empty'],
    ['\n \n', {}, 400, 'batch_empty'],
    ['[]', { 'content-type': 'application/json' }, 400, 'batch_empty'],
    ['[{]', { 'content-type': 'application/json' }, 400, 'json_invalid'],
    ['['.repeat(200_000), { 'content-type': 'application/json' }, 400, 'json_invalid'],
    [
      `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
      { 'content-type': 'application/json' },
      400,
      'json_invalid'
    ]
  ]
  for (const [body, headers, status, code] of cases) {
    const answer = await post(service, body, headers)
    assert.deepEqual([answer.status, answer.body.code], [status, code], String(body).slice(0, 20))
    assert.match(answer.body.detail, /^Expected /)
  }
  assert.equal(
    (await post(service, '{}', { 'content-type': 'text/plain' })).headers.get('x-request-id')?.length !== 0,
    true
  )
})

test('of a client that stops half way nothing is kept, and the service goes on', async (t) => {
  const service = await runningService(t)
  const events = eventsOf(runId(), 10)
  const body = ndjson(events)
  const { port } = new URL(service.url)
  for (const share of [0, 0.5, 0.99]) {
    const socket = connect(Number(port), '127.0.0.1')
    const head = `POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\ncontent-length: ${body.length}\r\n\r\n`
    await new Promise<void>((resolve) =>
      socket.end(head + body.slice(0, Math.floor(body.length * share)), resolve)
    )
    await new Promise<void>((resolve) => socket.on('close', () => resolve()).resume())
  }
  assert.equal(service.journal.end, START_RECORDS)
  assert.equal((await post(service, body)).body.accepted, 10)
})

test('a URL that cannot be read is answered as a problem too', async (t) => {
  const service = await runningService(t)
  const { status, headers, body } = await get(service, '/v1/runs/%')
  assert.deepEqual([status, body.code], [400, 'request_invalid'])
  assert.match(headers.get('content-type') ?? '', /problem\+json/)
})

test('the OpenAPI document says what may be sent, what may come back, and where a token is needed', async (t) => {
  const service = await runningService(t)
  const { body } = await get(service, '/openapi.json')
  const { post: sending, get: asking } = body.paths['/v1/events']
  assert.deepEqual(Object.keys(sending.requestBody.content), ['application/x-ndjson', 'application/json'])
  for (const status of ['200', '400', '401', '403', '413', '415', '503'])
    assert.ok(sending.responses[status], status)
  assert.ok(asking.responses['401'] && asking.responses['403'])
  assert.deepEqual(body.paths['/healthz'].get.security, [])
})

test('an answer of 200 counts only what the journal has, and the metrics tell the same', async (t) => {
  const service = await runningService(t)
  const events = eventsOf(runId(), 3)
  await post(service, ndjson(events))
  await post(service, `${ndjson(events)}{}`)
  const { body } = await get(service, '/metrics')
  assert.match(body, /^playtrail_events_total\{outcome="accepted"\} 3$/m)
  assert.match(body, /^playtrail_events_total\{outcome="duplicate"\} 3$/m)
  assert.match(body, /^playtrail_events_rejected_total\{code="event_invalid"\} 1$/m)
  assert.match(body, /^playtrail_journal_end 4$/m)
})
