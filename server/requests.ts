import type { FastifyInstance } from 'fastify'
import type { Metrics } from './metrics.ts'

/** Routes that machines ask all the time: their requests are logged at `debug`. */
const QUIET = new Set(['/healthz', '/readyz', '/metrics'])

/** Status of a request in the metrics whose client went away before it had the whole answer. Nobody is sent it. */
const LEFT = 499

/** Gives each request an id that the answer names, one line in the log, and a place in the metrics. */
export function observeRequests(app: FastifyInstance, metrics: Pick<Metrics, 'requestSeconds'>): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    reply.header('x-content-type-options', 'nosniff')
    // Where the connection ends first, Fastify calls no onResponse.
    reply.raw.once('close', () => {
      if (reply.raw.writableFinished) return
      const { method, url } = request
      const route = request.routeOptions.url ?? 'unknown'
      metrics.requestSeconds.observe({ method, route, status: LEFT }, reply.elapsedTime / 1_000)
      request.log.info({ method, url, ms: Math.round(reply.elapsedTime * 10) / 10 }, 'request left')
    })
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    const { method } = request
    const status = reply.statusCode
    metrics.requestSeconds.observe({ method, route, status }, reply.elapsedTime / 1_000)
    const line = { method, url: request.url, status, ms: Math.round(reply.elapsedTime * 10) / 10 }
    if (QUIET.has(route)) request.log.debug(line, 'request')
    else request.log.info(line, 'request')
  })
}
