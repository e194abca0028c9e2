import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { KibanaConnection } from './connection.ts'
import { KibanaError } from './errors.ts'

/** An answer of Kibana's is a few kilobytes; what is larger is something else. */
const ANSWER_BYTES_MAX = 4 * 2 ** 20

export interface Answer {
  status: number
  /** The body, if it is an object of JSON. */
  json: Record<string, unknown> | undefined
  location: string | undefined
}

interface Body {
  contentType: string
  bytes: Buffer
}

/**
 * Asks Kibana, and rejects with a KibanaError if it cannot be reached. Not `fetch`, which cannot be told to trust a
 * certificate authority of one's own for one connection.
 */
export async function askKibana(connection: KibanaConnection, path: string, body?: Body): Promise<Answer> {
  const url = new URL(path, connection.url)
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const headers = {
    accept: 'application/json',
    ...(connection.apiKey !== undefined && { authorization: `ApiKey ${connection.apiKey}` }),
    // Kibana refuses whatever changes something without it: a form in another page cannot set it.
    ...(body !== undefined && {
      'kbn-xsrf': 'playtrail',
      'content-type': body.contentType,
      'content-length': String(body.bytes.length)
    })
  }
  const signal = AbortSignal.timeout(connection.timeoutMs)
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const request = send(
        url,
        { method: body === undefined ? 'GET' : 'POST', headers, signal, ca: connection.ca, agent: false },
        (response) => {
          readAnswer(response).then(resolve, reject)
        }
      )
      request.on('error', reject)
      request.end(body?.bytes)
    })
  } catch (error) {
    if (error instanceof KibanaError) throw error
    throw new KibanaError('unreachable', reasonOf(error, connection), { cause: error })
  }
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) throw new KibanaError('not_kibana', `more than ${ANSWER_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return {
    status: response.statusCode ?? 0,
    json: parse(Buffer.concat(chunks).toString('utf8')),
    location: response.headers.location
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    // Kibana itself answers `Kibana server is not ready yet` as text; the status says what it is.
    return undefined
  }
}

const reasons: Record<string, string> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EPROTO: 'it does not speak https there',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by nobody that is trusted here',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by nobody that is trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by nobody that is trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by nobody that is trusted here'
}

function reasonOf(error: unknown, { timeoutMs }: KibanaConnection): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'AbortError' || error.name === 'TimeoutError')
    return `no answer within ${timeoutMs / 1_000} s`
  const code = 'code' in error ? String(error.code) : ''
  return reasons[code] ?? (error.message === '' ? code : error.message)
}
