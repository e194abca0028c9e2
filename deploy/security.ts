import { setTimeout as pause } from 'node:timers/promises'
import { Fatal } from '../server/errors.ts'

/** The body of POST /_security/api_key, as in server/index/elasticsearch/api-keys/. */
export interface KeyDefinition {
  name: string
  role_descriptors: Record<string, unknown>
  metadata?: Record<string, unknown>
}

/** What the one-shots ask of Elasticsearch's security, as its administrator. */
export interface Security {
  setPassword(user: string, password: string): Promise<void>
  /** Makes an API key that expires, as in `10m`, and returns it as a client sends it. */
  makePassingKey(definition: KeyDefinition, expiration: string): Promise<string>
  /** Makes the one valid API key of this name: all others that the administrator made are invalidated. */
  makeOnlyKey(definition: KeyDefinition): Promise<string>
  isValid(key: string): Promise<boolean>
}

const REQUEST_TIMEOUT_MS = 10_000
/** Elasticsearch is healthy in Docker's eyes before its security index can be written. */
const ATTEMPTS_MAX = 60
const REASON_CHARACTERS_MAX = 1_000

/** Asks the Elasticsearch at `url` as user `elastic`. It may still be starting: requests are tried again for a while. */
export function openSecurity(url: string, password: string, { retryDelayMs = 1_000 } = {}): Security {
  const administrator = `Basic ${Buffer.from(`elastic:${password}`).toString('base64')}`

  /** What `attempt` is answered with, in the end. Whatever it asks for may have been done more than once. */
  const answered = async (attempt: () => Promise<Response>): Promise<unknown> => {
    for (let count = 1; ; count++) {
      const answer = await attempt().catch((error: unknown) => error)
      if (answer instanceof Response && answer.ok) return await answer.json()
      const isPassing = !(answer instanceof Response) || answer.status === 429 || answer.status >= 500
      if (!isPassing || count === ATTEMPTS_MAX) throw await refusal(url, answer)
      await pause(retryDelayMs)
    }
  }
  const ask = (method: string, path: string, body?: unknown): Promise<Response> =>
    request(url, method, path, administrator, body)

  return {
    async setPassword(user, secret) {
      await answered(() => ask('POST', `/_security/user/${user}/_password`, { password: secret }))
    },
    async makePassingKey(definition, expiration) {
      return encodedIn(await answered(() => ask('POST', '/_security/api_key', { ...definition, expiration })))
    },
    async makeOnlyKey(definition) {
      const made = await answered(async () => {
        // Also at each further attempt: the one before may have made a key without saying which.
        await answered(() => ask('DELETE', '/_security/api_key', { name: definition.name, owner: true }))
        return await ask('POST', '/_security/api_key', definition)
      })
      return encodedIn(made)
    },
    async isValid(key) {
      // The administrator asks first, so that "not valid" never means "not up yet".
      await answered(() => ask('GET', '/_security/_authenticate'))
      const { status } = await request(url, 'GET', '/_security/_authenticate', `ApiKey ${key}`)
      if (status === 200 || status === 401) return status === 200
      throw new Fatal(
        `Elasticsearch at ${url} answered ${status} when asked whether an API key is valid; expected 200 or 401. Try again.`
      )
    }
  }
}

function encodedIn(answer: unknown): string {
  return (answer as { encoded: string }).encoded
}

async function request(
  url: string,
  method: string,
  path: string,
  authorization: string,
  body?: unknown
): Promise<Response> {
  return await fetch(`${url}${path}`, {
    method,
    headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS)
  })
}

async function refusal(url: string, answer: unknown): Promise<Fatal> {
  if (!(answer instanceof Response)) {
    const cause = answer instanceof Error ? (answer.cause ?? answer) : answer
    return new Fatal(
      `Elasticsearch at ${url} cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}. Look into its log.`,
      { cause: answer }
    )
  }
  const advice =
    answer.status === 401
      ? 'The password of `elastic` is another one than in admin/elastic.password: put the right one into that file.'
      : 'Look into its log.'
  return new Fatal(
    `Elasticsearch refused ${answer.url}: ${answer.status} ${(await answer.text()).slice(0, REASON_CHARACTERS_MAX)}. ${advice}`
  )
}
