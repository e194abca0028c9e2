import type { Problem } from './types.ts'

/** What the server calls a problem; it never changes, and docs/api.md explains each. */
export type ProblemCode = Problem['code']

/** Who was asked: what a message to people needs to say. */
export interface Asked {
  server: URL
  /** Asked without a token. */
  isAnonymous: boolean
}

/** The server refused, and says why: RFC 9457. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: ProblemCode
  readonly status: number
  /** All that the server said, such as `runs` of `run_ambiguous`. */
  readonly problem: Problem
  readonly asked: Asked

  constructor(problem: Problem, asked: Asked) {
    super(`${problem.title}: ${problem.detail}`)
    this.code = problem.code
    this.status = problem.status
    this.problem = problem
    this.asked = asked
  }
}

/** No answer arrived, or not all of it. Asking again may help. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
  /** In words, for example `nobody listens there`. */
  readonly reason: string
  readonly asked: Asked

  constructor(asked: Asked, reason: string, options?: ErrorOptions) {
    super(`The server at ${asked.server.href} cannot be reached: ${reason}.`, options)
    this.reason = reason
    this.asked = asked
  }
}

/** What answered is not Playtrail, for example a proxy or a login page. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
  readonly reason: string
  readonly asked: Asked
  /** The HTTP status, where the answer is known by it. */
  readonly status: number | undefined

  constructor(asked: Asked, reason: string, status?: number) {
    super(`The answer from ${asked.server.href} is not one of Playtrail: ${reason}.`)
    this.reason = reason
    this.asked = asked
    this.status = status
  }
}

/** The problem that the server described, or undefined if it is none of Playtrail's. */
export function problemIn(answer: unknown): Problem | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined
  const isProblem = 'title' in answer && 'detail' in answer && 'code' in answer && 'status' in answer
  return isProblem ? (answer as Problem) : undefined
}

const reasons: Record<string, string> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS there; try http://',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there; try http://',
  UND_ERR_SOCKET: 'the connection was cut'
}

/** What fetch means by `fetch failed`: it hides the reason in the cause. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const message = cause instanceof Error && cause.message !== '' ? cause.message : code || String(cause)
  return reasons[code] ?? message
}
