import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Problem, type ProblemCode, problemDocument, problems } from './errors.ts'
import { limits } from './limits.ts'

const MEDIA_TYPE = 'application/problem+json'

/** Fastify's own errors that a caller can meet, as ours. */
const fastifyProblems: Record<string, [ProblemCode, string]> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'media_type_unsupported',
    'Expected Content-Type application/x-ndjson (one JSON object a line) or application/json (one object, or an array).'
  ],
  FST_ERR_CTP_BODY_TOO_LARGE: [
    'batch_too_large',
    `Expected a body of at most ${limits.batchBytesMax} bytes. Nothing of it was kept; send it in parts.`
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'body_incomplete',
    'The body is not as long as Content-Length says. Nothing of it was kept; send it again.'
  ]
}

/** Every failed request ends here: what is expected is answered as it is, the rest is a defect and is logged. */
export function answerProblem(
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply
): FastifyReply {
  const problem = problemOf(error)
  if (wasLeft(request, error)) return reply.code(problems[problem.code].status).send()
  if (problem.code === 'internal') request.log.error({ err: error }, 'an error of the server')
  else if (problem.code === 'tokens_unreadable')
    request.log.error({ err: problem.cause }, 'the tokens cannot be read: nobody is let in')
  else request.log.info({ code: problem.code, detail: problem.message }, 'request refused')
  const { status, retry } = problems[problem.code]
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (status === 503 && retry) reply.header('retry-after', limits.retryAfterSeconds)
  return reply.code(status).type(MEDIA_TYPE).send(problemDocument(problem))
}

/**
 * Whether the work was ended because nobody waits for the answer any more, as requests.ts has said. Another error is
 * one although nobody sees the answer.
 */
export function wasLeft({ signal }: Pick<FastifyRequest, 'signal'>, error: unknown): boolean {
  if (!signal.aborted) return false
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError')
}

function problemOf(error: FastifyError | Error): Problem {
  if (error instanceof Problem) return error
  const code = 'code' in error ? error.code : ''
  const known = fastifyProblems[code]
  if (known !== undefined) return new Problem(known[0], known[1])
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500
  if (status >= 400 && status < 500)
    return new Problem('request_invalid', `The request was not understood: ${error.message}`)
  return new Problem(
    'internal',
    'The server met an error that is not yours; its log tells more. Sending the same again is safe.'
  )
}
