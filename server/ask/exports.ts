import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import { limits } from '../limits.ts'

/** What an export has to keep to while it goes on. */
export interface ExportRules {
  /** Takes a place among the exports under way, until the answer has ended. Throws Problem `too_many_exports`. */
  begin(reply: FastifyReply): void
  /** Throws Problem if whoever asked may not read, any more. */
  check(request: FastifyRequest): void
  /** Time for the client to take something. */
  drainMsMax: number
}

export interface ExportOptions {
  /** Throws Problem if whoever sent this header may not read, any more. */
  check(authorization: string | undefined): void
  pace?: Record<keyof typeof limits & ('exportsMax' | 'exportDrainMsMax'), number>
}

const rulesOf = new WeakMap<FastifyRequest, ExportRules>()

/** From here on the exports of `app` share its limits. */
export function limitExports(app: FastifyInstance, { check, pace = limits }: ExportOptions): void {
  const { exportsMax, exportDrainMsMax } = pace
  let underWay = 0
  const rules: ExportRules = {
    begin(reply) {
      if (underWay >= exportsMax)
        throw new Problem(
          'too_many_exports',
          `${exportsMax} exports are under way already, which is the most. Come again later, or ask for pages.`
        )
      underWay++
      whenEnded(reply, () => underWay--)
    },
    check: (request) => check(request.headers.authorization),
    drainMsMax: exportDrainMsMax
  }
  app.addHook('onRequest', async (request) => {
    rulesOf.set(request, rules)
  })
}

/** Throws if the app does not limit its exports, which would be a mistake of ours. */
export function exportRules(request: FastifyRequest): ExportRules {
  const rules = rulesOf.get(request)
  if (rules === undefined) throw new Error('exports: this app has no limits for them')
  return rules
}

/** Calls back once, when the answer was handed over, or its connection has ended. */
function whenEnded({ raw }: FastifyReply, ended: () => void): void {
  if (raw.destroyed) {
    ended()
    return
  }
  const { promise, resolve } = Promise.withResolvers<void>()
  raw.once('finish', resolve)
  raw.once('close', resolve)
  void promise.then(ended)
}
