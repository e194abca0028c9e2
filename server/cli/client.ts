import { LAG_HEADER } from '../ask/lag.ts'
import { type ProblemDocument, problems } from '../errors.ts'
import type { IndexedEvent, Run } from '../index/store.ts'
import { limits } from '../limits.ts'
import type { Connection } from './connection.ts'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'

/** Query parameters as the API names them; absent ones let everything through. */
export type Parameters = Readonly<Record<string, string | undefined>>

/** One page of a list. `next` asks for the one after it; null says that there is none. */
export interface ApiPage<Item> {
  items: Item[]
  next: string | null
}

/** Some items of a list, and whether the server has more behind them. */
export interface Portion<Item> {
  items: Item[]
  hasMore: boolean
  /** Acknowledged events that the answer may lack, as far as the server says. */
  lag?: number
}

/** Playtrail's HTTP API. Everything rejects with a Failure that says what went wrong and what to do. */
export interface Client {
  run(id: string): Promise<Run>
  /** Newest first, page by page, at most `itemsMax` in all. */
  runs(parameters: Parameters, itemsMax: number): AsyncGenerator<Portion<Run>, void, undefined>
  events(parameters: Parameters, itemsMax: number): AsyncGenerator<Portion<IndexedEvent>, void, undefined>
}

export function createClient(connection: Connection): Client {
  return {
    run: async (id) => (await ask<Run>(connection, `v1/runs/${encodeURIComponent(id)}`, {})).answer,
    runs: (parameters, itemsMax) => portions<Run>(connection, 'v1/runs', parameters, itemsMax),
    events: (parameters, itemsMax) => portions<IndexedEvent>(connection, 'v1/events', parameters, itemsMax)
  }
}

async function* portions<Item>(
  connection: Connection,
  path: string,
  parameters: Parameters,
  itemsMax: number
): AsyncGenerator<Portion<Item>, void, undefined> {
  const limit = String(Math.min(itemsMax, limits.pageItemsMax))
  let left = itemsMax
  let cursor: string | undefined
  while (left > 0) {
    const { answer: page, lag } = await ask<ApiPage<Item>>(connection, path, { ...parameters, limit, cursor })
    if (!Array.isArray(page.items)) throw notPlaytrail(connection, 'it is no page of a list')
    // Without this, a server that turns in circles would keep us turning with it.
    if (page.next !== null && page.next === cursor) throw notPlaytrail(connection, 'its pages do not end')
    const items = page.items.slice(0, left)
    yield { items, hasMore: page.next !== null || items.length < page.items.length, lag }
    if (page.next === null) return
    left -= items.length
    cursor = page.next
  }
}

async function ask<Answer>(
  connection: Connection,
  path: string,
  parameters: Parameters
): Promise<{ answer: Answer; lag: number }> {
  const url = new URL(path, connection.url)
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value)
  }
  const { response, text } = await request(connection, url)
  const answer = parse(text)
  if (!response.ok) throw refusal(connection, response, answer)
  if (answer === undefined) throw notPlaytrail(connection, 'it is no JSON')
  // `unknown` where the server could not ask its index yet.
  return { answer: answer as Answer, lag: Number(response.headers.get(LAG_HEADER)) || 0 }
}

async function request(connection: Connection, url: URL): Promise<{ response: Response; text: string }> {
  const headers = new Headers({ accept: 'application/json' })
  if (connection.token !== undefined) headers.set('authorization', `Bearer ${connection.token}`)
  try {
    // The API never redirects. What does is a login page, or a proxy that must not be handed the token.
    const signal = AbortSignal.timeout(connection.timeoutMs)
    const response = await fetch(url, { headers, redirect: 'manual', signal })
    return { response, text: await response.text() }
  } catch (error) {
    throw unreachable(connection, error)
  }
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    // The callers say it better than the parser: what came is not Playtrail's.
    return undefined
  }
}

function unreachable({ url, timeoutMs }: Connection, error: unknown): Failure {
  const isTimeout = error instanceof DOMException && error.name === 'TimeoutError'
  const reason = isTimeout ? `no answer within ${timeoutMs / 1_000} s` : reasonOf(error)
  return new Failure(
    exitCodes.unreachable,
    `The server at ${url.href} cannot be reached: ${reason}.`,
    'Start it with: npm start, or name another with --url.',
    { cause: error }
  )
}

const reasons: Record<string, string> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  UND_ERR_SOCKET: 'the connection was cut'
}

/** What fetch means by `fetch failed`: it hides the reason in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return (
    reasons[code] ?? (cause instanceof Error && cause.message !== '' ? cause.message : code || String(cause))
  )
}

function refusal(connection: Connection, response: Response, answer: unknown): Failure {
  if (!isProblem(answer)) {
    const status = `${response.status} ${response.statusText}`.trim()
    return notPlaytrail(connection, `it is ${status}`)
  }
  const message = `${answer.title}: ${answer.detail}`
  const isMisuse = answer.code === 'parameter_invalid' || answer.code === 'cursor_invalid'
  return new Failure(isMisuse ? exitCodes.usage : exitCodes.refused, message, hintFor(connection, answer))
}

function hintFor({ token }: Connection, { status, code }: ProblemDocument): string | undefined {
  if (status === 401 && token === undefined)
    return 'Set PLAYTRAIL_TOKEN to a reader’s token, or PLAYTRAIL_TOKEN_FILE to a file that holds it.'
  if (status === 401 || status === 403)
    return 'Set PLAYTRAIL_TOKEN, or PLAYTRAIL_TOKEN_FILE, to the token of a reader of this server.'
  if (code === 'run_not_found') return 'playtrail runs shows those there are.'
  if (code === 'run_ambiguous') return 'Give more of the id; playtrail runs --json shows ids in full.'
  // A newer server may have problems that this table does not know.
  return Object.hasOwn(problems, code) && problems[code].retry ? 'Trying again may help.' : undefined
}

function isProblem(answer: unknown): answer is ProblemDocument {
  if (typeof answer !== 'object' || answer === null) return false
  return 'title' in answer && 'detail' in answer && 'code' in answer && 'status' in answer
}

function notPlaytrail({ url }: Connection, reason: string): Failure {
  return new Failure(
    exitCodes.refused,
    `The answer from ${url.href} is not one of Playtrail: ${reason}.`,
    'Name the server with --url, or in PLAYTRAIL_URL.'
  )
}
