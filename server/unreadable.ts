import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { Problem, type ProblemCode, problemDocument, problems } from './errors.ts'
import { limits } from './limits.ts'

const known: Record<string, [ProblemCode, string]> = {
  HPE_HEADER_OVERFLOW: [
    'head_too_large',
    `Expected path, parameters and headers of at most ${limits.requestHeadBytesMax} bytes together.`
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    'request_timeout',
    `The request was not whole after ${limits.requestTimeoutMs} ms. Nothing of it was kept; send it again.`
  ]
}

/** Answers what Node.js could not read as a request, and no route, hook or log ever sees; then it hangs up. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const [code, detail] = known[error.code ?? ''] ?? ['request_invalid', 'What came is not HTTP/1.1.']
  const { status } = problems[code]
  const body = JSON.stringify(problemDocument(new Problem(code, detail)))
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close'
  ]
  if (socket.writable) socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
  else socket.destroy(error)
}
