import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { type Ending, onEnd } from '../support/cleanup.ts'

interface Key {
  id: string
  name: string
  encoded: string
  expiration: string | undefined
  isValid: boolean
  body: Record<string, unknown>
}

/** The few routes of Elasticsearch's security that the one-shots ask, with the answers that Elasticsearch gives. */
export interface SecurityServer {
  url: string
  passwords: Map<string, string>
  keys: Key[]
  /** Fails the first, third, … request of each route: before it took effect, or after. */
  fault: 'before' | 'after' | undefined
  requests: Map<string, number>
}

interface Asked {
  route: string
  user: string | undefined
  body: Record<string, unknown>
}

/** A server whose user `elastic` has this password. */
export async function securityServer(t: Ending, password: string): Promise<SecurityServer> {
  const state: SecurityServer = {
    url: '',
    passwords: new Map([['elastic', password]]),
    keys: [],
    fault: undefined,
    requests: new Map()
  }
  const server = createServer((request, response) => {
    void (async () => {
      const { status, body } = await answer(state, request)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onEnd(t, () => {
    server.closeAllConnections()
    server.close()
  })
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return state
}

async function answer(
  state: SecurityServer,
  request: IncomingMessage
): Promise<{ status: number; body: unknown }> {
  const isJson = request.headers['content-type'] === 'application/json'
  const body = isJson ? ((await json(request)) as Record<string, unknown>) : {}
  const asked = { route: `${request.method} ${request.url}`, user: userOf(state, request), body }
  const count = (state.requests.get(asked.route) ?? 0) + 1
  state.requests.set(asked.route, count)
  const fault = count % 2 === 1 ? state.fault : undefined
  const failed = { status: 503, body: { error: 'unavailable_shards_exception' } }
  if (fault === 'before') return failed
  const answered = answerTo(state, asked)
  return fault === 'after' ? failed : answered
}

function answerTo(state: SecurityServer, { route, user, body }: Asked): { status: number; body: unknown } {
  if (user === undefined) return { status: 401, body: { error: 'unable to authenticate' } }
  if (route === 'GET /_security/_authenticate') return { status: 200, body: { username: user } }
  if (user !== 'elastic') return { status: 403, body: { error: `action is unauthorized for user [${user}]` } }
  if (route === 'POST /_security/user/kibana_system/_password') {
    state.passwords.set('kibana_system', String(body.password))
    return { status: 200, body: {} }
  }
  if (route === 'POST /_security/api_key') return { status: 200, body: makeKey(state, body) }
  if (route === 'DELETE /_security/api_key' && body.owner === true) {
    const found = state.keys.filter(({ name, isValid }) => isValid && name === body.name)
    for (const key of found) key.isValid = false
    return { status: 200, body: { invalidated_api_keys: found.map(({ id }) => id), error_count: 0 } }
  }
  return { status: 404, body: { error: `no handler found for ${route}` } }
}

function makeKey(state: SecurityServer, body: Record<string, unknown>): unknown {
  const id = randomUUID()
  const encoded = Buffer.from(`${id}:${randomUUID()}`).toString('base64')
  const expiration = body.expiration === undefined ? undefined : String(body.expiration)
  state.keys.push({ id, name: String(body.name), encoded, expiration, isValid: true, body })
  return { id, name: body.name, encoded }
}

function userOf(state: SecurityServer, request: IncomingMessage): string | undefined {
  const [scheme, credentials = ''] = (request.headers.authorization ?? '').split(' ')
  if (scheme === 'ApiKey') return state.keys.find((key) => key.isValid && key.encoded === credentials)?.name
  const [user = '', password] = Buffer.from(credentials, 'base64').toString().split(':')
  return scheme === 'Basic' && state.passwords.get(user) === password ? user : undefined
}
