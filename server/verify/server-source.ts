import type { Connection } from '../cli/connection.ts'
import { Uncheckable } from '../index/reconcile/comparable.ts'
import type { LogSource } from './log-source.ts'

/** The log of a running server: `GET /v1/log/…`. */
export function serverSource(connection: Connection): LogSource {
  const urlOf = (path: string): URL => new URL(`v1/log/${path}`, connection.url)
  return {
    placeOf: (path) => urlOf(path).href,
    async read(path, bytesMax) {
      const response = await getFrom(connection, urlOf(path))
      if (response.status === 404) return undefined
      return await response.within(bytesMax)
    }
  }
}

/** Asks the server. Throws Uncheckable where it gives no answer, or another one than 200 or 404. */
export async function getFrom(
  { token, timeoutMs }: Connection,
  url: URL
): Promise<{ status: number; within(bytesMax: number): Promise<Buffer> }> {
  const headers = new Headers()
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await fetch(url, { headers, redirect: 'manual', signal })
    if (response.status !== 200 && response.status !== 404) {
      const text = (await bodyWithin(response, ANSWER_BYTES_MAX)).toString('utf8')
      const isRefused = response.status === 401 || response.status === 403
      const hint = isRefused ? '. Set PLAYTRAIL_TOKEN to the token of a reader.' : ''
      const detail = isRefused ? detailOf(text).replace(/\.$/, '') : detailOf(text)
      throw new Uncheckable(`${url.href} answered ${response.status}: ${detail}${hint}`)
    }
    return {
      status: response.status,
      within: async (bytesMax) => {
        try {
          return await bodyWithin(response, bytesMax)
        } catch (error) {
          throw unanswered(url, error)
        }
      }
    }
  } catch (error) {
    throw error instanceof Uncheckable ? error : unanswered(url, error)
  }
}

const ANSWER_BYTES_MAX = 64 * 1024

/** A server that is not what it should be may send without an end. */
async function bodyWithin(response: Response, bytesMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    length += chunk.length
    if (length > bytesMax) break
  }
  return Buffer.concat(chunks).subarray(0, bytesMax + 1)
}

function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown }
    if (typeof detail === 'string') return detail
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return text.slice(0, 200)
}

function unanswered(url: URL, cause: unknown): Uncheckable {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  const reason = inner instanceof Error ? inner.message : String(inner)
  return new Uncheckable(`${url.href} gave no answer: ${reason}.`, { cause })
}
