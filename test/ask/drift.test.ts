import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { findDrift } from '../../server/ask/find-drift.ts'
import type { EventPartQuery, Store } from '../../server/index/store.ts'
import { limits } from '../../server/limits.ts'
import { batchOf } from '../index/fixtures.ts'
import { sqliteStore } from '../query/sqlite-store.ts'
import { eventually } from '../support/eventually.ts'
import { get, post, runningService } from '../support/service.ts'
import { ask } from './app.ts'
import { DAY_MS, dayMs, FIRST_DAY, runOfDay, testDriftContract } from './drift-contract.ts'

interface DriftPage {
  items: { host: { name: string }; ansible: { task: { name: string } } }[]
  next: string | null
}

testDriftContract(sqliteStore)

test('a service tells what check runs that it was sent would change, and which those were', async (t) => {
  const service = await runningService(t)
  const runs = [
    runOfDay({ day: 0 }, 'web-1 install changed', 'web-2 install ok'),
    runOfDay({ day: 1, user: 'bob' }, 'web-1 install changed')
  ]
  const events = runs.flatMap((run) => run.events)
  const span = `from=${new Date(FIRST_DAY).toISOString()}&to=${new Date(dayMs(9)).toISOString()}`
  const { body: before } = await get(service, `/v1/drift?${span}`)
  assert.deepEqual([before.items, before.checked.runs, before.checked.last], [[], 0, undefined])
  await post(service, events.map((event) => JSON.stringify(event)).join('\n'))
  const body = await eventually(async () => {
    const answer = await get(service, `/v1/drift?${span}`)
    return answer.body.items[0]?.runs === 2 ? answer.body : undefined
  })
  const task = runs[0]?.events[1]?.ansible?.task
  const [first, last] = runs.map(({ run, events: [, result] }) => ({
    '@timestamp': result?.['@timestamp'],
    run: { id: run.id },
    event: { sequence: 1 },
    user: result?.user
  }))
  assert.deepEqual(body.items, [
    {
      host: { name: 'web-1' },
      run: { name: 'site.yml' },
      ansible: { task: { key: task?.key, name: 'install', action: task?.action } },
      paths: ['/etc/install', '/etc/other'],
      since: '2026-11-01T02:00:01.000Z',
      runs: 2,
      first,
      last
    }
  ])
  assert.equal(body.checked.runs, 2)
  assert.deepEqual(
    [body.checked.first, body.checked.last].map(({ run, user }) => [run.id, run.name, user.name]),
    [
      [runs[0]?.run.id, 'site.yml', 'alice'],
      [runs[1]?.run.id, 'site.yml', 'bob']
    ]
  )
})

test('without from and to drift is that of the last 30 days, and pages of it are the whole', async (t) => {
  const old = runOfDay({ day: -28 }, 'web-0 install changed')
  const hosts = ['web-1', 'web-2', 'db-1']
  const runs = [
    old,
    runOfDay({ day: 0 }, ...hosts.flatMap((host) => [`${host} install changed`, `${host} start changed`]))
  ]
  const { app } = await ask(
    t,
    runs.flatMap(({ events }) => events)
  )
  const url = '/v1/drift?limit=1'
  const found: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body }: { body: string } = await app.inject(cursor === '' ? url : `${url}&cursor=${cursor}`)
    const page: DriftPage = JSON.parse(body)
    found.push(...page.items.map(({ host, ansible }) => `${host.name} ${ansible.task.name}`))
    cursor = page.next
  }
  assert.deepEqual(
    found,
    hosts.toSorted().flatMap((host) => [`${host} install`, `${host} start`])
  )
})

test('drift is exported whole, and looks 30 days back from where it ends', async (t) => {
  const { events } = runOfDay({ day: 0 }, 'web-1 install changed', 'web-2 install changed')
  const { app } = await ask(t, events)
  const headers = { accept: 'text/csv' }
  const csv = async (more: string) =>
    (await app.inject({ url: `/v1/drift?fields=host.name,paths,runs&${more}`, headers })).body
  const head = 'host.name,paths,runs\r\n'
  const paths = '"[""/etc/install"",""/etc/other""]"'
  assert.equal(await csv(''), `${head}web-1,${paths},1\r\nweb-2,${paths},1\r\n`)
  assert.match(await csv('to=2026-11-30'), /web-2/)
  assert.equal(await csv('to=2026-12-02'), head)
})

test('many hosts that differ in a task, and a long series, are found', async (t) => {
  const store = await sqliteStore(t)
  const hosts = Array.from({ length: limits.driftHostsNamedMax + 1 }, (_, at) => `web-${at}`)
  const runs = Array.from({ length: 8 }, (_, day) =>
    runOfDay({ day }, ...hosts.map((host) => `${host} install changed`))
  )
  const healed = runOfDay({ day: 8, isCheck: false }, 'web-0 install changed')
  await store.write(batchOf([...runs, healed].flatMap(({ events }) => events)))
  const { drift, checked } = await findDrift(store, { fromMs: dayMs(0), toMs: dayMs(9) })
  assert.equal(drift.length, hosts.length - 1)
  assert.ok(
    drift.every(({ first, last, runs: count }) => count === 8 && last.time - first.time === 7 * DAY_MS * 1000)
  )
  assert.equal(checked.length, 8)
})

/** The store with another way to answer questions about what was said since of tasks that would change something. */
function answering(store: Store, eventParts: Store['eventParts']): Store {
  return new Proxy(store, {
    get(of, name: keyof Store) {
      if (name === 'eventParts')
        return (query: EventPartQuery, signal: AbortSignal) =>
          query.order === 'desc' ? eventParts(query, signal) : of.eventParts(query, signal)
      const member = of[name]
      return typeof member === 'function' ? member.bind(of) : member
    }
  })
}

test('where one question for drift fails those beside it are ended, and no other is asked', async (t) => {
  const store = await sqliteStore(t)
  const tasks = Array.from({ length: 3 * limits.driftQuestionsAtOnce }, (_, at) => `web-1 task-${at} changed`)
  await store.write(batchOf(runOfDay({ day: 0 }, ...tasks).events))
  let asked = 0
  let ended = 0
  const failing = answering(store, async (_query, signal) => {
    asked++
    if (asked === limits.driftQuestionsAtOnce) throw new Error('the disk is on fire')
    assert.ok(signal)
    await once(signal, 'abort')
    ended++
    throw signal.reason
  })
  await assert.rejects(findDrift(failing, { fromMs: dayMs(0), toMs: dayMs(9) }), /on fire/)
  await eventually(async () => ended === limits.driftQuestionsAtOnce - 1 || undefined)
  assert.equal(asked, limits.driftQuestionsAtOnce)
})

test('looking for drift ends when whoever asked has gone', async (t) => {
  const store = await sqliteStore(t)
  await store.write(batchOf(runOfDay({ day: 0 }, 'web-1 install changed').events))
  const client = new AbortController()
  let asked = 0
  const leaving = answering(store, async (query, signal) => {
    asked++
    client.abort()
    assert.ok(signal?.aborted, 'the store is told')
    // The answer was under way already.
    return store.eventParts(query)
  })
  const query = { fromMs: dayMs(0), toMs: dayMs(9) }
  await assert.rejects(findDrift(leaving, query, client.signal), { name: 'AbortError' })
  assert.equal(asked, 1, 'the client went away while it was asked, and nothing was asked behind it')
})

test('a parameter of drift that is wrong or unknown is refused', async (t) => {
  const { get: answer } = await ask(t, [])
  const wrong = { 'from=tomorrow': 'from', 'limit=0': 'limit', 'user=alice': 'user' }
  for (const [query, parameter] of Object.entries(wrong)) {
    const { status, body } = await answer(`/v1/drift?${query}`)
    assert.deepEqual([status, body.parameter], [400, parameter])
  }
  const { body } = await answer('/v1/drift?q=hots:web-1')
  assert.equal(body.code, 'query_invalid')
})
