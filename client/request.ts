import { AnswerError, type Asked, ProblemError, problemIn, reasonOf, UnreachableError } from './errors.ts'

/** Which server to ask, as whom, and how patiently. */
export interface Server {
  /** A path in it is the folder that a proxy gave to Playtrail. */
  url: URL
  /** A reader's, or a sender's; undefined for a server that is open. */
  token?: string | undefined
  /** Time for an answer to arrive whole; of a stream, for it to begin. */
  timeoutMs: number
}

export interface Asking {
  method: string
  /** Without a slash in front. */
  path: string
  query?: Readonly<Record<string, string | number | undefined>>
  accept: string
  body?: string | undefined
  headers?: Record<string, string> | undefined
  signal?: AbortSignal | undefined
}

/** An answer that was read whole. */
export interface Answered {
  headers: Headers
  text: string
}

/** Asks, and reads the answer. Rejects as `open` does. */
export async function ask(server: Server, asking: Asking): Promise<Answered> {
  const timeout = AbortSignal.timeout(server.timeoutMs)
  const response = await send(server, asking, timeout)
  return { headers: response.headers, text: await readText(server, response, asking.signal) }
}

/** Asks, and reads an answer that is no text. Rejects as `open` does. */
export async function bytesOf(server: Server, asking: Asking): Promise<Uint8Array> {
  const response = await send(server, asking, AbortSignal.timeout(server.timeoutMs))
  try {
    return new Uint8Array(await response.arrayBuffer())
  } catch (error) {
    throw readingFailed(server, error, asking.signal)
  }
}

/**
 * Asks, and resolves when the answer begins: its body is still to be read. Rejects with ProblemError, UnreachableError
 * or AnswerError; with the signal's reason if that was aborted.
 */
export async function open(server: Server, asking: Asking): Promise<Response> {
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(new DOMException('', 'TimeoutError')), server.timeoutMs)
  try {
    return await send(server, asking, patience.signal)
  } finally {
    clearTimeout(timer)
  }
}

/** Who is asked, for the errors. */
export function askedOf({ url, token }: Server): Asked {
  return { server: url, isAnonymous: token === undefined }
}

/** An error of fetch or of reading its body as one of ours; what the caller's signal did stays as it is. */
export function readingFailed(server: Server, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason
  const isTimeout = error instanceof DOMException && error.name === 'TimeoutError'
  const reason = isTimeout ? `no answer within ${server.timeoutMs / 1_000} s` : reasonOf(error)
  return new UnreachableError(askedOf(server), reason, { cause: error })
}

async function send(server: Server, asking: Asking, timeout: AbortSignal): Promise<Response> {
  const { method, path, query = {}, accept, body, headers, signal } = asking
  const url = new URL(path, server.url)
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value))
  }
  const sent = new Headers({ ...headers, accept })
  if (server.token !== undefined) sent.set('authorization', `Bearer ${server.token}`)
  const either = signal === undefined ? timeout : AbortSignal.any([timeout, signal])
  let response: Response
  try {
    // The API never redirects. What does is a login page, or a proxy that must not be handed the token.
    response = await fetch(url, {
      method,
      headers: sent,
      redirect: 'manual',
      signal: either,
      ...(body === undefined ? {} : { body })
    })
  } catch (error) {
    throw readingFailed(server, error, signal)
  }
  if (response.ok) return response
  throw refusal(server, response, await readText(server, response, signal))
}

async function readText(
  server: Server,
  response: Response,
  signal: AbortSignal | undefined
): Promise<string> {
  try {
    return await response.text()
  } catch (error) {
    throw readingFailed(server, error, signal)
  }
}

function refusal(server: Server, { status, statusText }: Response, text: string): Error {
  const problem = problemIn(parseObject(text))
  if (problem !== undefined) return new ProblemError(problem, askedOf(server))
  return new AnswerError(askedOf(server), `it is ${`${status} ${statusText}`.trim()}`, status)
}

/** The object or array that the text is as JSON; undefined for anything else. */
export function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    // The callers say it better than the parser: what came is not Playtrail's.
    return undefined
  }
}
