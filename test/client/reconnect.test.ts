import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { ProblemError, UnreachableError } from '../../client/errors.ts'
import { messagesOf, RECONNECT_PAUSE_MS } from '../../client/reconnect.ts'
import { Problem, type ProblemCode, problemDocument } from '../../server/errors.ts'
import { onEnd } from '../support/cleanup.ts'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

test('a stream that was cut goes on after the last message, and says so', async (t) => {
  const answers: Answer[] = [
    (response) => response.write('id: 7\ndata: one\n\n', () => response.destroy()),
    (response) => response.writeHead(502).end('Bad Gateway'),
    problem('overloaded'),
    (response) => response.write('id: 8\ndata: two\n\n')
  ]
  const { url, afters } = await startStream(t, answers)
  const ending = new AbortController()
  const said: string[] = []
  const data: string[] = []
  const messages = messagesOf(
    { url, timeoutMs: 5_000 },
    'v1/live',
    { q: 'host:a' },
    {
      signal: ending.signal,
      after: '6',
      onLost: (reason, pauseMs) => said.push(`${reason}, ${pauseMs}`),
      onFound: () => said.push('found')
    }
  )
  for await (const message of messages) {
    data.push(message.data)
    if (message.data === 'two') ending.abort()
  }
  assert.deepEqual(data, ['one', 'two'])
  assert.deepEqual(afters, ['6', '7', '7', '7'])
  assert.deepEqual(said, [
    `the connection was cut, ${RECONNECT_PAUSE_MS}`,
    `it is 502 Bad Gateway, ${RECONNECT_PAUSE_MS * 2}`,
    `Too much is waiting for the disk: because, ${RECONNECT_PAUSE_MS * 4}`,
    'found'
  ])
})

test('a stream that cannot begin is refused at once', async () => {
  const url = new URL('http://127.0.0.1:1/')
  await assert.rejects(messagesOf({ url, timeoutMs: 5_000 }, 'v1/live', {}, {}).next(), UnreachableError)
})

test('a refusal for good ends the stream, also after it was there', async (t) => {
  const { url } = await startStream(t, [
    (response) => response.end('data: one\n\n'),
    problem('token_unknown')
  ])
  const messages = messagesOf({ url, timeoutMs: 5_000 }, 'v1/live', {}, {})
  assert.equal((await messages.next()).value?.data, 'one')
  await assert.rejects(
    messages.next(),
    (error) => error instanceof ProblemError && error.code === 'token_unknown'
  )
})

test('a stream that falls silent is taken for lost, and an id without a message is where it goes on', async (t) => {
  const { url, afters } = await startStream(t, [
    (response) => response.write('data: one\n\n:\nid: 9\n\n'),
    (response) => response.write('data: two\n\n')
  ])
  const said: string[] = []
  const options = { silenceMsMax: 200, onLost: (reason: string) => said.push(reason) }
  const messages = messagesOf({ url, timeoutMs: 5_000 }, 'v1/live', {}, options)
  assert.equal((await messages.next()).value?.data, 'one')
  assert.equal((await messages.next()).value?.data, 'two')
  await messages.return()
  assert.deepEqual(afters, [undefined, '9'])
  assert.deepEqual(said, ['nothing was heard for 0.2 s'])
})

test('an abort while it waits for the next try ends the stream', async (t) => {
  const { url } = await startStream(t, [(response) => response.end('data: one\n\n')])
  const ending = new AbortController()
  const onLost = (): void => ending.abort()
  const messages = messagesOf({ url, timeoutMs: 5_000 }, 'v1/live', {}, { signal: ending.signal, onLost })
  assert.equal((await Array.fromAsync(messages)).length, 1)
})

function problem(code: ProblemCode): Answer {
  return (response) => {
    const document = problemDocument(new Problem(code, 'because'))
    response.writeHead(document.status, { 'content-type': 'application/problem+json' })
    response.end(JSON.stringify(document))
  }
}

/** A server that answers each request with the next of `answers`. */
async function startStream(
  t: TestContext,
  answers: Answer[]
): Promise<{ url: URL; afters: (string | string[] | undefined)[] }> {
  const afters: (string | string[] | undefined)[] = []
  const server = createServer((request, response) => {
    afters.push(request.headers['last-event-id'])
    response.setHeader('content-type', 'text/event-stream')
    answers.shift()?.(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onEnd(t, () => server.close().closeAllConnections())
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), afters }
}
