import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController
} from 'fastify'
import { Problem } from '../errors.ts'
import { answerProblem } from '../failure.ts'
import { limits } from '../limits.ts'
import { answerNoRoute } from '../no-route.ts'
import { observeRequests } from '../requests.ts'
import { formatVkey } from '../seal/vkey.ts'
import { answerUnreadable } from '../unreadable.ts'
import { version } from '../version.ts'
import { createWitnessMetrics } from './metrics.ts'
import { logId } from './newest-cosigned.ts'
import type { Witness } from './witness.ts'

const TEXT = 'text/plain; charset=utf-8'

/**
 * The witness over HTTP, as https://c2sp.org/tlog-witness wants it. There are no tokens: what it takes is signed by a log, and what it gives
 * are sizes and roots.
 */
export function buildWitnessApp({
  witness,
  log
}: {
  witness: Witness
  log: FastifyBaseLogger
}): FastifyInstance {
  const metrics = createWitnessMetrics(witness)
  const app = Fastify({
    loggerInstance: log,
    // One line a request, when it is answered: requests.ts writes it.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.witnessRequestBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    http: { maxHeaderSize: limits.requestHeadBytesMax },
    clientErrorHandler: answerUnreadable,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => {
      answerProblem(error, request, reply)
    }
  })
  answerNoRoute(app, 'GET /')
  observeRequests(app, metrics)
  takeAnyBody(app)

  app.post<{ Body: Buffer | undefined }>(
    '/add-checkpoint',
    { errorHandler: answerFailure },
    async (request, reply) => {
      const answer = witness.add(request.body ?? Buffer.alloc(0))
      if ('cosignature' in answer) return reply.type(TEXT).send(answer.cosignature)
      // Fastify would add a charset, and clients compare the whole of it.
      reply.raw.setHeader('content-type', 'text/x.tlog.size')
      return reply.code(409).send(`${answer.knownSize}\n`)
    }
  )

  app.get<{ Params: { id: string } }>('/checkpoint/:id', async ({ params: { id } }, reply) => {
    const origin = witness.origins.find((each) => logId(each) === id)
    const newest = origin === undefined ? undefined : witness.newest(origin)
    if (newest !== undefined) return reply.type(TEXT).header('cache-control', 'no-store').send(newest.signed)
    throw new Problem(
      'checkpoint_not_found',
      `Expected the SHA-256 of the name of a log of which something was cosigned, hexadecimal; got ${id}. GET / lists them.`
    )
  })

  app.get('/', async (_request, reply) => reply.type(TEXT).send(describe(witness)))
  app.get('/healthz', async (_request, reply) => {
    if (witness.isBroken) reply.code(503)
    return { status: witness.isBroken ? 'disk_failed' : 'ok', version }
  })
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  )
  return app
}

/** The specification names no content type, and clients send what they like. */
function takeAnyBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

function answerFailure(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const detail = `Expected a request of at most ${limits.witnessRequestBytesMax} bytes.`
  const isTooLarge = error.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
  answerProblem(isTooLarge ? new Problem('checkpoint_too_large', detail) : error, request, reply)
}

/** For people: who this is, and what it cosigned. */
function describe(witness: Witness): string {
  const lines = witness.origins.map((origin) => {
    const newest = witness.newest(origin)
    if (newest === undefined) return `${origin}\n  nothing was cosigned yet`
    const time = new Date(newest.seconds * 1_000).toISOString()
    return `${origin}\n  ${newest.size} leaves, cosigned ${time}\n  GET /checkpoint/${logId(origin)}`
  })
  return [
    'A witness of transparency logs (https://c2sp.org/tlog-witness).',
    `Its public key: ${formatVkey(witness.key.verifier)}`,
    'POST /add-checkpoint is for the logs that it watches:',
    ...lines,
    ''
  ].join('\n\n')
}
