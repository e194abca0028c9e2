import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder } from '../support/folder.ts'
import { get, runningService } from '../support/service.ts'
import { testCompletenessOfService } from './service-contract.ts'

testCompletenessOfService(async () => 'sqlite')

test('a time in which nothing happened is complete from the start of the service on, and not before', async (t) => {
  const dataDir = temporaryFolder(t)
  const beforeMs = Date.now()
  const first = await runningService(t, dataDir)
  await first.stop()
  const service = await runningService(t, dataDir)
  const ask = async (fromMs: number) => {
    const from = encodeURIComponent(new Date(fromMs).toISOString())
    return (await get(service, `/v1/completeness?from=${from}`)).body
  }
  const since = await ask(Date.now())
  assert.deepEqual([since.verdict, since.flaws, since.runs.recorded], ['complete', [], 0])
  const before = await ask(beforeMs - 60_000)
  assert.deepEqual([before.verdict, before.complete, before.flaws], ['unchecked', false, []])
  assert.deepEqual(
    before.unchecked.map(({ reason }: { reason: string }) => reason),
    ['nothing_recorded']
  )
  assert.equal(before.service_runs, 2)
})

test('a time that is empty or has not come yet is refused: it would prove nothing', async (t) => {
  const service = await runningService(t)
  for (const time of [
    'from=now%2B1d',
    'from=now&to=now',
    'from=2026-11-05&to=2026-11-05',
    'to=now%2B1d&from=now%2B1h'
  ]) {
    const { status, body } = await get(service, `/v1/completeness?${time}`)
    assert.deepEqual([status, body.code, body.parameter], [400, 'parameter_invalid', 'from'], time)
    assert.match(body.detail, /^from: expected a time before to and before now, /)
  }
})
