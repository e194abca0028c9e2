import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { wasLeft } from '../../server/failure.ts'
import { limits } from '../../server/limits.ts'
import { get, runningService } from '../support/service.ts'

test('a route that is asked with another method answers 405 and names the methods that it takes', async (t) => {
  const service = await runningService(t)
  for (const [path, method, allowed] of [
    ['/v1/runs', 'POST', 'GET, HEAD'],
    ['/v1/runs/019a5344', 'DELETE', 'GET, HEAD'],
    ['/v1/events', 'PUT', 'GET, HEAD, POST'],
    ['/v1/runs?limit=1', 'QUERY', 'GET, HEAD']
  ] as const) {
    const answer = await fetch(`${service.url}${path}`, { method })
    assert.equal(answer.status, 405, `${method} ${path}`)
    assert.equal(answer.headers.get('allow'), allowed)
    assert.equal(JSON.parse(await answer.text()).code, 'method_not_allowed')
  }
})

test('a path that is none of ours answers 404, with any method and any body', async (t) => {
  const service = await runningService(t)
  for (const method of ['GET', 'PUT', 'QUERY']) {
    const body = method === 'PUT' ? { body: 'no JSON', headers: { 'content-type': 'application/json' } } : {}
    const answer = await fetch(`${service.url}/v1/runs/a/b/c`, { method, ...body })
    assert.equal(answer.status, 404, method)
    assert.equal(JSON.parse(await answer.text()).code, 'route_not_found')
  }
})

test('a head that is too large is answered 431 as a problem', async (t) => {
  const service = await runningService(t)
  const answer = await get(service, `/v1/runs?user=${'a'.repeat(limits.requestHeadBytesMax)}`)
  assert.equal(answer.status, 431)
  assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8')
  assert.equal(answer.body.code, 'head_too_large')
})

test('the longest query fits into the head, whatever its letters are', async (t) => {
  const service = await runningService(t)
  const q = '語'.repeat(limits.queryCharactersMax)
  const answer = await get(service, `/v1/runs?q=${encodeURIComponent(q)}`)
  assert.equal(answer.status, 200)
})

test('what is no HTTP is answered as a problem, and the connection ends', async (t) => {
  const service = await runningService(t)
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.write('no HTTP\r\n\r\n')
  const answer = await text(socket)
  assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.match(answer, /content-type: application\/problem\+json/)
  assert.match(answer, /"code":"request_invalid"/)
})

test('an error is logged although the client has gone, unless its leaving is the error', () => {
  const left = new AbortController()
  const { signal } = left
  assert.equal(wasLeft({ signal }, new DOMException('', 'AbortError')), false, 'it still waits')
  left.abort()
  assert.equal(wasLeft({ signal }, signal.reason), true)
  assert.equal(wasLeft({ signal }, new DOMException('', 'AbortError')), true)
  assert.equal(wasLeft({ signal }, new TypeError('x is undefined')), false)
})
