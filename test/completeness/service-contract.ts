import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { SERVER_SENDER } from '../../server/access.ts'
import type { Service } from '../../server/service.ts'
import { silentEvent } from '../../server/silence/event.ts'
import { ndjson } from '../support/events.ts'
import { get, post, runningService } from '../support/service.ts'
import { type History, type Plan, plans, play, told } from './histories.ts'

const HOUR_MS = 3_600_000
const HISTORIES = 48
const BATCH = 200

/** The way through a service that writes to the store which `storeOf` names. */
export function testCompletenessOfService(storeOf: (t: TestContext) => Promise<string>): void {
  test('a service tells exactly what is wrong with 48 histories that went through it', async (t) => {
    const service = await runningService(t, undefined, { store: await storeOf(t) })
    const startMs = Date.now() - HOUR_MS
    const drawn = fc.sample(plans('faulty'), { numRuns: HISTORIES, seed: 7 })
    const histories = drawn.map((plan, at) => playOne(plan, startMs + 1_000 * at))
    for (const { history } of histories) await send(service, history)
    await service.follower.idle()
    // Which also makes that what was indexed can be found.
    await get(service, '/v1/completeness')
    for (const { history, plan } of histories) await closeSilent(service, history, plan)
    await service.follower.idle()
    const { status, body } = await get(service, `/v1/completeness?from=${encodeURIComponent(iso(startMs))}`)
    assert.equal(status, 200, JSON.stringify(body))
    assert.deepEqual(body.unchecked, [])
    const refused = body.flaws.filter(({ kind }: { kind: string }) => kind === 'quarantined')
    assert.deepEqual(refused, [])
    const expected = histories.flatMap(({ history }) => history.expected).sort()
    assert.ok(expected.length > HISTORIES)
    assert.deepEqual(told(body.flaws), expected)
    assert.equal(body.verdict, 'incomplete')
    assert.equal(body.complete, false)
    // Where runs begin counts, and nothing is said of those of another time.
    const before = await get(service, `/v1/completeness?to=${encodeURIComponent(iso(startMs))}`)
    assert.deepEqual([before.body.runs.recorded, before.body.flaws], [0, []])
  })

  test('a service finds nothing wrong with 48 clean histories', async (t) => {
    const service = await runningService(t, undefined, { store: await storeOf(t) })
    const startMs = Date.now() - HOUR_MS
    const drawn = fc.sample(plans('clean'), { numRuns: HISTORIES, seed: 7 })
    for (const [at, plan] of drawn.entries()) {
      const played = playOne(plan, startMs + 1_000 * at)
      await send(service, played.history)
    }
    await service.follower.idle()
    const { body } = await get(service, '/v1/completeness')
    assert.deepEqual(body.flaws, [])
    assert.deepEqual([body.verdict, body.complete, body.unchecked], ['complete', true, []])
    const { recorded, running, finished, aborted } = body.runs
    assert.equal(
      recorded,
      drawn.reduce((sum, { runs }) => sum + runs.length, 0)
    )
    const sums = [finished, aborted].map((of) =>
      Object.values<number>(of).reduce((sum, each) => sum + each, 0)
    )
    assert.equal(running + (sums[0] ?? 0) + (sums[1] ?? 0), recorded)
  })
}

function playOne(plan: Plan, startMs: number): { plan: Plan; history: History } {
  const ofOne = { ...plan, logs: 1 }
  return { plan: ofOne, history: play(ofOne, startMs) }
}

async function send(service: Service, { arrivals }: History): Promise<void> {
  for (let at = 0; at < arrivals.length; at += BATCH) {
    const events = arrivals.slice(at, at + BATCH).map(({ event }) => event)
    const { status, body } = await post(service, ndjson(events))
    assert.ok(status === 200 || body.code === 'batch_refused', JSON.stringify(body))
    const codes = (body.rejected as { code: string }[]).map(({ code }) => code)
    assert.ok(
      codes.every((code) => code === 'event_conflict'),
      JSON.stringify(body)
    )
  }
}

/** As the watch of the silence does it, which tests of its own wait for. */
async function closeSilent(service: Service, { arrivals, runIds }: History, plan: Plan): Promise<void> {
  const isHere = (id: string): boolean => arrivals.some(({ event }) => event.run?.id === id)
  const silent = runIds.filter((id, at) => plan.runs[at]?.end === 'silent' && isHere(id))
  for (const id of silent) {
    const { body: run } = await get(service, `/v1/runs/${id}`)
    const event = silentEvent(run, Date.now())
    const entry = { eventId: event.event.id, payload: Buffer.from(JSON.stringify(event)) }
    await service.journal.append([entry], SERVER_SENDER, Date.now() * 1_000)
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
