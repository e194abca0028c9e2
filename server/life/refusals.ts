import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { AccessRefused } from '../access.ts'
import { limits } from '../limits.ts'
import type { Life } from './life.ts'
import { type PerMinute, recordPerMinute } from './per-minute.ts'

/** A request that was refused for want of a token, or of the right one. */
export interface Refusal {
  error: AccessRefused
  /** Address that it came from. */
  from: string
  method: string
  /** The pattern, not the path: whoever asks may write anything into that. */
  route: string | undefined
}

export type RefusalRecorder = PerMinute<Refusal>

/** Records who was refused: somebody tries a door, or has an old token. */
export function recordRefusals({
  life,
  log
}: {
  life: Pick<Life, 'tell'>
  log: Pick<Logger, 'error'>
}): RefusalRecorder {
  return recordPerMinute<Refusal>({
    perMinuteMax: limits.refusalEventsPerMinuteMax,
    log,
    async record({ error, from, method, route }, suppressed) {
      const { token, role, code } = error
      const refused = {
        ...{ code, role, method },
        ...(route !== undefined && { route }),
        ...(suppressed > 0 && { suppressed })
      }
      await life.tell({
        ...{ action: 'token.refused', category: 'authentication', type: 'info', outcome: 'failure' },
        fields: {
          ...(token !== undefined && { token: { name: token.name, role: token.role } }),
          source: { ip: addressOf(from) },
          refused
        }
      })
    }
  })
}

/** Has refused requests recorded before they are answered; the answer is the same if that fails. */
export function observeRefusals(app: FastifyInstance, refusals: Pick<RefusalRecorder, 'add'>): void {
  app.addHook('onError', async (request, _reply, error: Error) => {
    if (!(error instanceof AccessRefused)) return
    try {
      await refusals.add(refusalOf(request, error))
    } catch (failure) {
      request.log.error({ err: failure }, 'a refused request could not be recorded; it is counted')
    }
  })
}

function refusalOf(request: FastifyRequest, error: AccessRefused): Refusal {
  const { ip, method, routeOptions } = request
  return { error, from: ip, method, route: routeOptions.url }
}

/**
 * An IPv4 address as it is written, also where it came through a socket for both kinds. A link-local one without the interface
 * that Node adds to it: with that it is no address to the index, which would refuse the event.
 */
export function addressOf(ip: string): string {
  return ip.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '')
}
