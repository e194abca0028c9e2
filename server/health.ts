import type { FastifyPluginAsync } from 'fastify'
import type { Access } from './access.ts'
import type { Anchors } from './anchors/anchors.ts'
import { anchorDocument, anchorsSchema } from './anchors/document.ts'
import type { DeadLetters } from './index/dead-letters.ts'
import type { Follower } from './index/follower.ts'
import type { Journal } from './journal/journal.ts'
import type { Metrics } from './metrics.ts'
import type { Sealer } from './seal/sealer.ts'
import type { Space } from './space/space.ts'
import { version } from './version.ts'

export interface HealthOptions {
  access: Access
  journal: Journal
  sealer: Pick<Sealer, 'size' | 'behind' | 'checkpointAgeSeconds' | 'lastError'>
  anchors: Pick<Anchors, 'all'>
  space: Space
  follower: Follower
  deadLetters: Pick<DeadLetters, 'count'>
  metrics: Metrics
}

/** How the service itself is: alive, ready, how far the index is, what it counted, what it can be asked. */
export const healthRoutes: FastifyPluginAsync<HealthOptions> = async (
  app,
  { access, journal, space, sealer, anchors, follower, deadLetters, metrics }
) => {
  app.get('/healthz', { schema: healthSchema }, async () => ({ status: 'ok', version }))

  app.get('/readyz', { schema: readySchema }, async (_request, reply) => {
    const canRead = canReadTokens(access)
    if (space.isFull || !canRead) reply.code(503)
    const { cursor, lag, lagSeconds, lastError } = follower
    const known =
      cursor === undefined ? {} : { cursor, lag, lag_seconds: Math.round(lagSeconds * 1_000) / 1_000 }
    return {
      status: !canRead ? 'tokens_unreadable' : statusOf(space.isFull, sealer.lastError, lastError, anchors),
      journal: {
        log: journal.id,
        end: journal.end,
        ...(space.isFull && { advice: `${space.describe()} New events are refused until there is space.` })
      },
      log: {
        size: sealer.size,
        behind: sealer.behind,
        checkpoint_age_seconds: Math.round(sealer.checkpointAgeSeconds * 1_000) / 1_000,
        ...(sealer.lastError === undefined ? {} : { error: sealer.lastError })
      },
      anchors: anchors.all.map(anchorDocument),
      index: {
        ...known,
        ...(lastError === undefined ? {} : { error: lastError }),
        ...lettersOf(deadLetters.count)
      }
    }
  })

  app.get('/metrics', { schema: metricsSchema }, async (request, reply) => {
    access.check(request.headers.authorization, 'reader', request.ip)
    const text = await metrics.registry.metrics()
    return reply.type(metrics.registry.contentType).serializer(String).send(text)
  })

  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}

/** Whether anybody can be let in. Why not is in the log: here everybody can ask. */
function canReadTokens(access: Access): boolean {
  try {
    access.tokens()
    return true
  } catch {
    return false
  }
}

/** The worst of what is wrong: no events, no evidence, no answers, nobody outside who vouches for the evidence. */
function statusOf(
  isFull: boolean,
  logError: string | undefined,
  indexError: string | undefined,
  anchors: Pick<Anchors, 'all'>
): string {
  if (isFull) return 'journal_full'
  if (logError !== undefined) return 'log_failing'
  if (indexError !== undefined) return 'index_failing'
  return anchors.all.some(({ error }) => error !== undefined) ? 'anchor_failing' : 'ready'
}

/** Nothing where all is well. The service is ready all the same: what it receives is kept. */
function lettersOf(count: number): { dead_letters?: number; advice?: string } {
  if (count === 0) return {}
  const events = count === 1 ? 'an event' : `${count} events`
  return {
    dead_letters: count,
    advice: `The index refused ${events}, which the journal keeps: \`playtrail dead-letters list\` says why.`
  }
}

const count = { type: 'integer', minimum: 0 } as const

const healthSchema = {
  summary: 'Is the process alive?',
  tags: ['operate'],
  response: {
    200: {
      description: 'It is.',
      type: 'object',
      required: ['status', 'version'],
      properties: {
        status: { const: 'ok' },
        version: { type: 'string', description: 'Version of Playtrail.' }
      }
    }
  }
} as const

const readiness = {
  type: 'object',
  required: ['status', 'journal', 'log', 'anchors', 'index'],
  properties: {
    status: {
      enum: ['ready', 'anchor_failing', 'index_failing', 'log_failing', 'journal_full', 'tokens_unreadable'],
      description:
        '`anchor_failing`: events are kept and sealed, but an anchor does not take the newest checkpoint. `index_failing`: events are kept, but cannot be found yet. `log_failing`: events are kept, but not sealed. `journal_full`: new events are refused for want of space. `tokens_unreadable`: every request that needs a token is refused, since their file cannot be read; the log tells why.'
    },
    journal: {
      type: 'object',
      required: ['log', 'end'],
      properties: {
        log: { type: 'string', description: 'Identity of the journal.' },
        end: { ...count, description: 'Records in the journal.' },
        advice: { type: 'string', description: 'Why new events are refused; absent if they are not.' }
      }
    },
    log: {
      type: 'object',
      required: ['size', 'behind', 'checkpoint_age_seconds'],
      properties: {
        size: { ...count, description: 'Records that are sealed: leaves of the published tree.' },
        behind: { ...count, description: 'Records that are not sealed yet.' },
        checkpoint_age_seconds: {
          type: 'number',
          minimum: 0,
          description: 'For how long the newest checkpoint has been published.'
        },
        error: { type: 'string', description: 'Why the log does not go on.' }
      }
    },
    anchors: anchorsSchema,
    index: {
      type: 'object',
      properties: {
        cursor: { ...count, description: 'Records that the index has; absent until it could be asked.' },
        lag: { ...count, description: 'Records that it has not got yet.' },
        lag_seconds: {
          type: 'number',
          minimum: 0,
          description: 'For how long the oldest of them has waited.'
        },
        error: { type: 'string', description: 'Why the last write to the index failed.' },
        dead_letters: {
          type: 'integer',
          minimum: 1,
          description: 'Events that the index refused; absent if there are none.'
        },
        advice: { type: 'string', description: 'What to do about them.' }
      }
    }
  }
} as const

const readySchema = {
  summary: 'Can events be sent, and how far is the index?',
  description:
    'Events are acknowledged when they are in the journal; the index follows. `lag` is how many it has not got yet.',
  tags: ['operate'],
  response: {
    200: { description: 'Events can be sent.', ...readiness },
    503: { description: 'New events are refused.', ...readiness }
  }
} as const

const metricsSchema = {
  summary: 'Metrics in the form of Prometheus',
  description: 'Needs a reader’s token once tokens exist. docs/operations.md lists them.',
  tags: ['operate'],
  produces: ['text/plain'],
  response: { 200: { description: 'Prometheus text format.', type: 'string' } }
} as const
