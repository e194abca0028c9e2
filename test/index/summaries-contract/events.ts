import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery } from '../../../server/ask/query/parse.ts'
import type { EventFilter } from '../../../server/index/summaries.ts'
import { batchOf, runOfEvents } from '../fixtures.ts'
import { type OpenSummaries, result, START } from './build.ts'

export function testEvents(open: OpenSummaries): void {
  test('facets count all events, the greatest counts first, and what is not named', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    await store.write(
      batchOf([
        run.started(),
        run.result('web-2', 'ok'),
        run.result('web-1', 'ok'),
        run.result('web-3', 'failed'),
        run.result('web-3', 'ok'),
        run.next('run.heartbeat'),
        run.finished('failed')
      ])
    )
    assert.deepEqual(
      await store.facets({}, ['host.name', 'status', 'event.action', 'user.name', 'run.name'], 2),
      [
        {
          field: 'host.name',
          values: [
            { value: 'web-3', events: 2 },
            { value: 'web-1', events: 1 }
          ],
          others: 1
        },
        {
          field: 'status',
          values: [
            { value: 'ok', events: 3 },
            { value: 'failed', events: 2 }
          ],
          others: 1
        },
        {
          field: 'event.action',
          values: [
            { value: 'host.result', events: 4 },
            { value: 'run.finished', events: 1 }
          ],
          others: 2
        },
        { field: 'user.name', values: [{ value: 'alice', events: 7 }], others: 0 },
        { field: 'run.name', values: [{ value: 'site.yml', events: 7 }], others: 0 }
      ]
    )
    const filter = { status: 'failed' as const, matching: parseQuery('host:*', 0) }
    assert.deepEqual(await store.facets(filter, ['event.action'], 10), [
      { field: 'event.action', values: [{ value: 'host.result', events: 1 }], others: 0 }
    ])
    assert.deepEqual(await store.facets({}, [], 10), [])
  })

  test('events of the first and of the last year are counted', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    const times = ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z']
    await store.write(batchOf(times.map((time) => result(run, 'web-1', 'ok', { '@timestamp': time }))))
    assert.deepEqual(await store.histogram({}, 'day'), [
      { '@timestamp': '0000-01-01T00:00:00.000Z', events: 1, statuses: { ok: 1 } },
      { '@timestamp': '9999-12-31T00:00:00.000Z', events: 1, statuses: { ok: 1 } }
    ])
    for (const filter of [{}, { matching: parseQuery('status:ok OR host:x', 0) }]) {
      assert.equal((await store.hosts(filter))[0]?.results.ok, 2)
      const [facet] = await store.facets(filter, ['host.name'], 10)
      assert.deepEqual(facet?.values, [{ value: 'web-1', events: 2 }])
    }
  })

  test('a histogram has the intervals with events, which begin in UTC, and weeks on Monday', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    const sunday = '2026-11-01T23:59:59.999999Z'
    const monday = '2026-11-02T00:00:00Z'
    const events = [
      run.next('run.heartbeat', { '@timestamp': monday }),
      result(run, 'web-1', 'ok', { '@timestamp': sunday }),
      run.started({ '@timestamp': '2026-11-02T00:00:59.999Z' }),
      result(run, 'web-1', 'failed', { '@timestamp': '2026-11-02T01:00:00Z' }),
      result(run, 'web-1', 'failed', { '@timestamp': '2026-11-08T23:59:59Z' })
    ]
    await store.write(batchOf(events))
    const of = async (interval: 'minute' | 'hour' | 'day' | 'week', filter: EventFilter = {}) =>
      (await store.histogram(filter, interval)).map(({ '@timestamp': time, events: count, statuses }) => [
        time.slice(0, 16),
        count,
        statuses
      ])
    assert.deepEqual(await of('minute'), [
      ['2026-11-01T23:59', 1, { ok: 1 }],
      ['2026-11-02T00:00', 2, { running: 1 }],
      ['2026-11-02T01:00', 1, { failed: 1 }],
      ['2026-11-08T23:59', 1, { failed: 1 }]
    ])
    assert.deepEqual(await of('hour'), [
      ['2026-11-01T23:00', 1, { ok: 1 }],
      ['2026-11-02T00:00', 2, { running: 1 }],
      ['2026-11-02T01:00', 1, { failed: 1 }],
      ['2026-11-08T23:00', 1, { failed: 1 }]
    ])
    assert.deepEqual(await of('day'), [
      ['2026-11-01T00:00', 1, { ok: 1 }],
      ['2026-11-02T00:00', 3, { running: 1, failed: 1 }],
      ['2026-11-08T00:00', 1, { failed: 1 }]
    ])
    assert.deepEqual(await of('week'), [
      ['2026-10-26T00:00', 1, { ok: 1 }],
      ['2026-11-02T00:00', 4, { running: 1, failed: 2 }]
    ])
    assert.deepEqual(await of('week', { status: 'failed', fromMs: Date.UTC(2026, 10, 3) }), [
      ['2026-11-02T00:00', 1, { failed: 1 }]
    ])
    const [first] = await store.histogram({}, 'week')
    assert.equal(first?.['@timestamp'], '2026-10-26T00:00:00.000Z')
  })
}
