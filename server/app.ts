import swagger from '@fastify/swagger'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Registry } from 'prom-client'
import type { Access } from './access.ts'
import type { Anchors } from './anchors/anchors.ts'
import { createAnchorMetrics } from './anchors/metrics.ts'
import { compareRoute } from './ask/compare.ts'
import { driftRoute } from './ask/drift.ts'
import { eventsRoute } from './ask/events.ts'
import { limitExports } from './ask/exports.ts'
import { stateLag } from './ask/lag.ts'
import { liveRoute } from './ask/live/route.ts'
import { runsRoutes } from './ask/runs.ts'
import { summariesRoutes } from './ask/summaries/routes.ts'
import { completenessRoute } from './completeness/route.ts'
import type { Config } from './config.ts'
import type { DataFolder } from './data-folder.ts'
import { answerProblem } from './failure.ts'
import { healthRoutes } from './health.ts'
import type { DeadLetters } from './index/dead-letters.ts'
import type { Follower } from './index/follower.ts'
import type { Store } from './index/store.ts'
import type { Journal } from './journal/journal.ts'
import { observeRefusals, type RefusalRecorder } from './life/refusals.ts'
import { limits } from './limits.ts'
import { createMetrics } from './metrics.ts'
import { answerNoRoute } from './no-route.ts'
import { openApi } from './openapi.ts'
import type { ConflictRecorder } from './receive/conflicts.ts'
import type { Quarantine } from './receive/quarantine.ts'
import { receiveRoute } from './receive/route.ts'
import { observeRequests } from './requests.ts'
import { createLogMetrics } from './seal/metrics.ts'
import type { OpenedKeys } from './seal/open-log.ts'
import { logRoutes } from './seal/routes.ts'
import type { Sealer } from './seal/sealer.ts'
import type { Space } from './space/space.ts'
import { answerUnreadable } from './unreadable.ts'

/** Everything that an event meets, opened by `serve`; the app closes none of it. */
export interface Parts {
  config: Pick<Config, 'silentAfter'>
  folder: Pick<DataFolder, 'quarantine' | 'logFolder'>
  log: FastifyBaseLogger
  registry: Registry
  access: Access
  quarantine: Quarantine
  space: Space
  journal: Journal
  logKeys: Pick<OpenedKeys, 'vkeys'>
  sealer: Sealer
  anchors: Anchors
  conflicts: ConflictRecorder
  refusals: RefusalRecorder
  store: Store
  deadLetters: DeadLetters
  follower: Follower
}

/**
 * The service, in the order in which an event travels: receive → journal → (sealer → log, follower → store) → ask, prove.
 * docs/architecture.md has the picture.
 */
export async function buildApp(parts: Parts): Promise<FastifyInstance> {
  const { config, folder, log, registry, access, quarantine, space, journal, logKeys, sealer, anchors } =
    parts
  const { conflicts, refusals, store, deadLetters, follower } = parts
  const metrics = createMetrics(registry, { journal, space, follower, deadLetters })
  createLogMetrics(registry, sealer)
  createAnchorMetrics(registry, anchors)
  const app = Fastify({
    loggerInstance: log,
    // One line a request, when it is answered: requests.ts writes it.
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: limits.requestTimeoutMs,
    http: { maxHeaderSize: limits.requestHeadBytesMax },
    clientErrorHandler: answerUnreadable,
    forceCloseConnections: 'idle',
    // Names of hosts and ids of events stand in paths.
    routerOptions: { maxParamLength: limits.parameterCharactersMax },
    // A URL that cannot be read is answered like every other failure.
    frameworkErrors: (error, request, reply) => {
      answerProblem(error, request, reply)
    },
    // Fastify's defaults coerce types and drop unknown fields. An audit trail must do neither.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } }
  })
  // Answers are sent as they are: Fastify's serializer would leave out what a schema does not name.
  app.setSerializerCompiler(() => JSON.stringify)
  answerNoRoute(app)
  observeRequests(app, metrics)
  observeRefusals(app, refusals)
  await app.register(swagger, openApi)

  // In: whoever sends needs a sender's token.
  await app.register(receiveRoute, { access, journal, quarantine, conflicts, metrics })

  // Out: whoever asks needs a reader's token.
  await app.register(async (ask) => {
    const check = (authorization: string | undefined): string => access.check(authorization, 'reader')
    ask.addHook('onRequest', async (request) => {
      access.check(request.headers.authorization, 'reader', request.ip)
    })
    limitExports(ask, { check })
    stateLag(ask, follower)
    await ask.register(runsRoutes, { store })
    await ask.register(eventsRoute, { store })
    await ask.register(compareRoute, { store })
    await ask.register(driftRoute, { store })
    await ask.register(summariesRoutes, { store })
    await ask.register(liveRoute, { journal, check })
  })

  // Out, for those who do not want to believe us: the log and its proofs, and what is missing.
  await app.register(async (prove) => {
    prove.addHook('onRequest', async (request) => {
      access.check(request.headers.authorization, 'reader', request.ip)
    })
    await prove.register(logRoutes, { sealer, vkeys: logKeys.vkeys, journal, log: folder.logFolder })
    await prove.register(completenessRoute, {
      ...{ store, follower, deadLetters, journal, log: journal.id, now: Date.now },
      quarantine: folder.quarantine,
      silentAfterMs: config.silentAfter * 1_000
    })
  })

  // Beside it: how the service itself is.
  await app.register(healthRoutes, {
    access,
    journal,
    space,
    sealer,
    anchors,
    follower,
    deadLetters,
    metrics
  })
  return app
}
