import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DriftQuery, findDrift } from '../../server/ask/find-drift.ts'
import { parseQuery } from '../../server/ask/query/parse.ts'
import type { Event } from '../../server/event-types.ts'
import type { Store } from '../../server/index/store.ts'
import { batchOf } from '../index/fixtures.ts'
import { type PlayedRun, playedRun } from '../index/outline-events.ts'
import type { OpenStore } from '../index/store-contract.ts'

export const DAY_MS = 86_400_000
export const FIRST_DAY = Date.UTC(2026, 10, 1, 2)

type Status = 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable'
interface RunOptions {
  day: number
  isCheck?: boolean
  name?: string
  user?: string
  /** Whether tasks say themselves that they were only checked, as those of our callback do. */
  saysOfTasks?: boolean
  which?: number
}

/** A run of one day, with results as `web-1 install changed`. */
export function runOfDay(
  { day, isCheck = true, saysOfTasks = true, ...options }: RunOptions,
  ...results: string[]
): { run: PlayedRun; events: Event[] } {
  const run = playedRun(FIRST_DAY + day * DAY_MS, options)
  const name = options.name ?? 'site.yml'
  const started = run.started({ ansible: { playbook: { name }, cli: isCheck ? { check: true } : {} } })
  const ended = results.map((text) => {
    const [host = '', task = '', status] = text.split(' ')
    const diff =
      status === 'changed' ? [{ path: `/etc/${task}`, unified: '-a\n+b' }, { path: '/etc/other' }] : []
    const more = saysOfTasks ? { task: { check_mode: isCheck } } : {}
    return run.ended('play', task, host, status as Status, { ...more, ...(diff.length > 0 && { diff }) })
  })
  return { run, events: [started, ...ended] }
}

/** What every store has to find. */
export function testDriftContract(open: OpenStore): void {
  test('drift lasts from the first check run that would change something to the last, and a real run ends it', async (t) => {
    const store = await open(t)
    const runs = [
      runOfDay({ day: 0 }, 'web-1 install changed', 'web-1 start changed', 'web-2 install changed'),
      runOfDay({ day: 1 }, 'web-1 install ok', 'web-1 start changed', 'web-2 install changed'),
      // A failure says nothing; neither does a task that a real run skipped.
      runOfDay({ day: 2 }, 'web-1 install changed', 'web-1 start failed', 'web-2 install unreachable'),
      runOfDay({ day: 3, isCheck: false }, 'web-1 start skipped', 'web-2 install changed'),
      runOfDay({ day: 4 }, 'web-1 install changed', 'web-1 start changed'),
      // Another playbook is another matter.
      runOfDay({ day: 5, isCheck: false, name: 'deploy.yml' }, 'web-1 install ok')
    ]
    await store.write(batchOf(runs.toReversed().flatMap(({ events }) => events)))
    assert.deepEqual(await told(store), ['web-1 install 3-5 2', 'web-1 start 1-5 3'])
    assert.deepEqual(await told(store, { toMs: dayMs(3) }), [
      'web-1 install 3-3 1',
      'web-1 start 1-2 2',
      'web-2 install 1-2 2'
    ])
    // What a check run skips, a real one would skip.
    const skipped = runOfDay({ day: 6 }, 'web-1 start skipped')
    await store.write(batchOf(skipped.events, 100))
    assert.deepEqual(await told(store), ['web-1 install 3-5 2'])
  })

  test('results that do not say themselves whether they were only checked are told by their run', async (t) => {
    const store = await open(t)
    const silent = { saysOfTasks: false }
    const runs = [
      runOfDay({ day: 0, ...silent }, 'web-1 install changed', 'web-2 install changed'),
      runOfDay({ day: 1, isCheck: false, ...silent }, 'web-1 install changed', 'web-3 install changed'),
      // In a real run a task may be checked only, and in a check run done.
      runOfDay({ day: 2, isCheck: false }, 'web-4 install ok')
    ]
    const mixed = playedRun(FIRST_DAY + 3 * DAY_MS)
    const events = [
      mixed.started({ ansible: { cli: { check: true } } }),
      mixed.ended('play', 'done', 'web-5', 'changed', { task: { check_mode: false } }),
      ...runs.flatMap((run) => run.events)
    ]
    const real = playedRun(FIRST_DAY + 4 * DAY_MS)
    const looked = real.ended('play', 'look', 'web-6', 'changed', { task: { check_mode: true } })
    await store.write(batchOf([...events, real.started(), looked]))
    assert.deepEqual(await told(store), ['web-2 install 1-1 1', 'web-6 look 5-5 1'])
  })

  test('a task that would change one of several things in a run would change something', async (t) => {
    const store = await open(t)
    const run = runOfDay({ day: 0 })
    const item = (occurrence: number, status: Status) =>
      run.run.ended('play', 'include', 'web-1', status, { task: { occurrence, check_mode: true } })
    await store.write(batchOf([...run.events, item(1, 'changed'), item(2, 'ok')]))
    assert.deepEqual(await told(store), ['web-1 include 1-1 1'])
  })

  test('drift is narrowed by host, playbook, time and query', async (t) => {
    const store = await open(t)
    const runs = [
      runOfDay({ day: 0 }, 'web-1 install changed', 'db-1 install changed'),
      runOfDay({ day: 1, name: 'deploy.yml', user: 'bob' }, 'web-1 install changed')
    ]
    await store.write(batchOf(runs.flatMap(({ events }) => events)))
    assert.deepEqual(await told(store, { host: 'db-*' }), ['db-1 install 1-1 1'])
    assert.deepEqual(await told(store, { playbook: 'dep*' }), ['web-1 install 2-2 1'])
    assert.deepEqual(await told(store, { fromMs: dayMs(1) }), ['web-1 install 2-2 1'])
    const matching = parseQuery('user:alice AND host:web-1', dayMs(9), 'events')
    assert.deepEqual(await told(store, { matching }), ['web-1 install 1-1 1'])
    const { checked } = await findDrift(store, { fromMs: dayMs(0), toMs: dayMs(9), host: 'db-1' })
    assert.deepEqual(
      checked.map(({ run }) => run.id),
      [runs[0]?.run.id]
    )
  })

  test('parts of events are the events, cut down to what was asked for', async (t) => {
    const store = await open(t)
    const { events } = runOfDay({ day: 0 }, 'web-1 install changed', 'web-2 install ok')
    await store.write(batchOf(events))
    const fields = ['event.sequence', 'host', 'ansible.diff.path', 'ansible.result']
    const { items, next } = await store.eventParts({ action: 'host.result', order: 'asc', limit: 1, fields })
    assert.deepEqual(items, [
      {
        event: { sequence: 1 },
        host: { name: 'web-1' },
        ansible: { result: { status: 'changed' }, diff: [{ path: '/etc/install' }, { path: '/etc/other' }] }
      }
    ])
    const rest = await store.eventParts({
      action: 'host.result',
      order: 'asc',
      limit: 5,
      after: next,
      fields: ['host.name']
    })
    assert.deepEqual(rest, { items: [{ host: { name: 'web-2' } }] })
  })
}

export function dayMs(day: number): number {
  return FIRST_DAY + day * DAY_MS
}

/** Each as `host task day-day runs`: days counted from 1, of the first and the last result that said so. */
async function told(store: Store, query: Partial<DriftQuery> = {}): Promise<string[]> {
  const { drift } = await findDrift(store, { fromMs: dayMs(0), toMs: dayMs(9), ...query })
  const dayOf = (time: number) => Math.floor((time / 1000 - FIRST_DAY) / DAY_MS) + 1
  return drift
    .map(
      ({ host, first, last, runs }) =>
        `${host} ${last.task.name} ${dayOf(first.time)}-${dayOf(last.time)} ${runs}`
    )
    .sort()
}
