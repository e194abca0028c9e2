import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import { compareRoute } from '../../server/ask/compare.ts'
import { driftRoute } from '../../server/ask/drift.ts'
import { eventsRoute } from '../../server/ask/events.ts'
import { type ExportOptions, limitExports } from '../../server/ask/exports.ts'
import { runsRoutes } from '../../server/ask/runs.ts'
import { summariesRoutes } from '../../server/ask/summaries/routes.ts'
import type { Event } from '../../server/event-types.ts'
import { answerProblem } from '../../server/failure.ts'
import { openSqliteStore } from '../../server/index/sqlite/store.ts'
import type { Store } from '../../server/index/store.ts'
import { limits } from '../../server/limits.ts'
import { batchOf, JOURNAL_ID } from '../index/fixtures.ts'

/** The clock of these tests. */
export const NOW = Date.UTC(2026, 10, 5, 12)

export interface Asked {
  app: FastifyInstance
  store: Store
  /** The answer to a GET, parsed. */
  get(url: string): Promise<{ status: number; body: Body }>
}

/** Whatever may be in an answer that these tests look at. */
export interface Body {
  items: { event: { id: string }; run: { id: string } }[]
  next: string | null
  run: { id: string }
  code: string
  detail: string
  parameter: string
  runs: string[]
}

/**
 * The routes that answer questions, with a real store that holds `events`. `asked` may stand between the two, to see
 * what is asked or to let it fail.
 */
export async function ask(
  t: TestContext,
  events: readonly Event[],
  asked = (store: Store): Store => store,
  exports: Partial<ExportOptions> = {}
): Promise<Asked> {
  const folder = mkdtempSync(join(tmpdir(), 'playtrail-ask-'))
  const path = join(folder, 'index.sqlite')
  const log = { warn: () => undefined }
  const store = await openSqliteStore({ path, journalId: JOURNAL_ID, journalEnd: 0, log })
  if (events.length > 0) await store.write(batchOf(events))

  const app = Fastify({ routerOptions: { maxParamLength: limits.parameterCharactersMax } })
  app.setSerializerCompiler(() => JSON.stringify)
  app.setErrorHandler(answerProblem)
  await app.register(swagger, { openapi: { openapi: '3.1.0' } })
  limitExports(app, { check: () => undefined, ...exports })
  await app.register(runsRoutes, { store: asked(store), now: () => NOW })
  await app.register(eventsRoute, { store: asked(store), now: () => NOW })
  await app.register(compareRoute, { store: asked(store), now: () => NOW })
  await app.register(driftRoute, { store: asked(store), now: () => NOW })
  await app.register(summariesRoutes, { store: asked(store), now: () => NOW })
  t.after(async () => {
    await app.close()
    await store.close()
    rmSync(folder, { recursive: true })
  })
  return {
    app,
    store,
    async get(url) {
      const answer = await app.inject(url)
      return { status: answer.statusCode, body: answer.json<Body>() }
    }
  }
}
