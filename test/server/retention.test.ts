import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { readConfig } from '../../server/config.ts'
import { Fatal } from '../../server/errors.ts'
import type { Event } from '../../server/event-types.ts'
import type { Expired, Kept } from '../../server/index/store.ts'
import type { Life } from '../../server/life/life.ts'
import { watchRetention } from '../../server/retention/watch.ts'
import { startService } from '../../server/service.ts'
import { runOfEvents } from '../index/fixtures.ts'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords } from '../support/journal.ts'
import { toldOf, withoutLife } from '../support/life.ts'
import { get, post, runningService } from '../support/service.ts'

const START = Date.UTC(2026, 10, 5, 9, 30)
const DAY_MS = 86_400_000

test('a service that is to keep one run removes the others at its start, and its journal keeps them', async (t) => {
  const dataDir = temporaryFolder(t)
  const first = await runningService(t, dataDir)
  const runs = [0, 1, 2].map((which) => runOfEvents(START + which, { which }))
  const events = runs.flatMap((run) => [
    run.started(),
    run.result('web-1', 'changed'),
    run.finished('changed')
  ])
  const { status, body } = await post(first, events.map((event) => JSON.stringify(event)).join('\n'))
  assert.deepEqual([status, body.accepted], [200, 9], JSON.stringify(body))
  await first.follower.idle()
  assert.equal((await get(first, '/v1/runs')).body.items.length, 3)
  await first.stop()

  const config = readConfig({ listen: '127.0.0.1:0', dataDir, keepRuns: '1' }, {})
  const second = await startService(config, pino({ level: 'silent' }), (error) => {
    throw error
  })
  onEnd(t, () => second.stop())
  const listed = async (): Promise<unknown[]> => (await get(second, '/v1/runs')).body.items
  while ((await listed()).length > 1) await pause(5)
  const [run] = (await get(second, '/v1/runs')).body.items
  assert.equal(run.run.id, runs[2]?.id)
  while (toldOf(await allRecords(second.journal)).length === 0) await pause(5)
  await second.follower.idle()
  const { items } = (await get(second, '/v1/events')).body
  assert.equal(withoutLife(items).length, 3)
  const [told, ...others] = toldOf(await allRecords(second.journal))
  assert.deepEqual([told?.event.action, others.length], ['runs.expired', 0])
  assert.deepEqual(told?.expired, { runs: 2, events: 6, keep_runs: 1 })
})

test('what an Elasticsearch keeps is not for these settings, which a start says', async (t) => {
  const flags = { listen: '127.0.0.1:0', dataDir: temporaryFolder(t), store: 'http://127.0.0.1:9' }
  const config = readConfig({ ...flags, keepDays: '30' }, {})
  await assert.rejects(
    startService(config, pino({ level: 'silent' }), () => undefined),
    (error) =>
      error instanceof Fatal && /--keep-days and --keep-runs are for the embedded store/.test(error.message)
  )
})

test('a look goes on step by step until nothing is left, each behind what is new, and tells the sum', async () => {
  const asked: Kept[] = []
  const told: unknown[] = []
  const waited: number[] = []
  const steps: Expired[] = [
    { events: 3, runs: 0, isMore: true },
    { events: 1, runs: 1, isMore: true },
    { events: 0, runs: 0, isMore: false }
  ]
  const slept = Promise.withResolvers<void>()
  const watch = watchRetention({
    follower: { idle: async () => void waited.push(asked.length) },
    async expireSome(kept) {
      asked.push(kept)
      return steps.shift() ?? { events: 0, runs: 0, isMore: false }
    },
    log: { info: () => undefined, error: () => undefined },
    keepDays: 2,
    keepRuns: 0,
    life: noting(told),
    now: () => START,
    async sleep(_ms, signal) {
      slept.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    }
  })
  await slept.promise
  await watch.stop()
  const kept = { fromMs: START - 2 * DAY_MS, runsMax: undefined }
  assert.deepEqual(asked, [kept, kept, kept])
  assert.deepEqual(waited, [0, 1, 2])
  assert.deepEqual(told, [{ events: 4, runs: 1, keep_days: 2 }])
})

test('a look that fails is said, and the next one goes on', async () => {
  const errors: unknown[] = []
  let looks = 0
  const second = Promise.withResolvers<void>()
  const watch = watchRetention({
    life: noting([]),
    follower: { idle: async () => undefined },
    async expireSome() {
      if (looks++ === 0) throw new Error('the disk is full')
      second.resolve()
      return { events: 0, runs: 0, isMore: false }
    },
    log: { info: () => undefined, error: (about: unknown) => void errors.push(about) },
    keepDays: 0,
    keepRuns: 5,
    sleep: () => Promise.resolve()
  })
  await second.promise
  await watch.stop()
  assert.equal(errors.length, 1)
})

/** Notes what is told. */
function noting(told: unknown[]): Pick<Life, 'tell'> {
  return {
    async tell({ fields }) {
      told.push(fields?.expired)
      return {} as Event
    }
  }
}
