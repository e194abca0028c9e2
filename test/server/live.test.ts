import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createToken } from '../../server/access.ts'
import { openEventStream } from '../support/event-stream.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { get, post, runningService } from '../support/service.ts'

test('the stop of the service ends the streams in order, and waits for none', async (t) => {
  const service = await runningService(t)
  const streams = [
    await openEventStream(`${service.url}/v1/live`),
    await openEventStream(`${service.url}/v1/live`)
  ]
  const reading = streams.map((stream) => stream.rest())
  await service.stop()
  // A connection that was cut would reject.
  assert.deepEqual(await Promise.all(reading), [[], []])
})

test("what happens is told to whoever has a reader's token", async (t) => {
  const service = await runningService(t)
  const token = (role: 'sender' | 'reader'): string =>
    createToken(service.folder.tokens, role, role, new Date())
  const bearer = { sender: `Bearer ${token('sender')}`, reader: `Bearer ${token('reader')}` }
  assert.equal((await get(service, '/v1/live')).status, 401)
  assert.equal((await get(service, '/v1/live', { authorization: bearer.sender })).status, 403)
  const stream = await openEventStream(`${service.url}/v1/live?q=written&runs=false`, {
    authorization: bearer.reader
  })
  assert.equal(stream.response.statusCode, 200)
  assert.ok(stream.response.headers['x-request-id'])
  const event = resultEvent(runId(), 0)
  await post(service, ndjson([event]), { authorization: bearer.sender })
  const told = await stream.next()
  assert.equal(told.data.event.id, event.event.id)
  assert.equal(told.data.playtrail.sender, 'sender')
  stream.close()
})

test('what happens is told while there is no index', async (t) => {
  // Nothing listens there.
  const service = await runningService(t, undefined, { store: 'http://127.0.0.1:9' })
  const stream = await openEventStream(`${service.url}/v1/live?q=host:web-01`)
  const event = resultEvent(runId(), 0)
  await post(service, ndjson([event]))
  assert.equal((await stream.next((message) => message.event === 'event')).data.event.id, event.event.id)
  assert.equal((await stream.next()).data.run.id, event.run?.id)
  stream.close()
})
