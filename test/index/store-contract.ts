import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { parseQuery } from '../../server/ask/query/parse.ts'
import type { Event } from '../../server/event-types.ts'
import type { EventQuery, Position, Run, RunQuery, Store } from '../../server/index/store.ts'
import type { RunFilter } from '../../server/index/summaries.ts'
import { type Happened, lifeEvent } from '../../server/life/event.ts'
import { batchOf, JOURNAL_ID, receivedAt, receivedTime, runId, runOfEvents } from './fixtures.ts'

/** Opens an empty store for events of the journal JOURNAL_ID, and takes it away when the test is over. */
export type OpenStore = (t: TestContext) => Promise<Store>

const START = Date.UTC(2026, 10, 5, 9, 30)

/** What every store promises in server/index/store.ts, example by example. Properties: store-properties.ts. */
export function testStoreContract(open: OpenStore): void {
  test('an event is answered as it was received, with what the server knows about it', async (t) => {
    const store = await open(t)
    const event = runOfEvents(START).result('web-1', 'changed')
    await store.write(batchOf([event], 0))
    const { items } = await store.events({ order: 'desc', limit: 10 })
    const hash = createHash('sha256').update(JSON.stringify(event)).digest('hex')
    const ingested = '2026-11-05T12:00:00.000000Z'
    const expected = {
      ...event,
      event: { ...event.event, ingested, hash },
      playtrail: { log: JOURNAL_ID, index: 0, sender: 'control-1' }
    }
    assert.deepEqual(items, [expected])
  })

  test('a run is told by its events', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    const started = run.started({ labels: { team: 'platform' }, source: { port: 51234 } })
    const result = run.result('web-1', 'changed')
    const finished = run.next('run.finished', {
      run: { id: run.id, kind: 'playbook', name: 'site.yml', status: 'changed' },
      event: {
        ...started.event,
        id: `${run.id}:2`,
        sequence: 2,
        action: 'run.finished',
        duration: 7,
        outcome: 'success'
      },
      ansible: { stats: { ok: 1, changed: 1 }, hosts: { total: 1, changed: 1 } }
    })
    await store.write(batchOf([started, result, finished]))
    const { items } = await store.runs({ limit: 10 })
    const expected: Run = {
      '@timestamp': '2026-11-05T09:30:00.000Z',
      run: { id: run.id, status: 'changed', name: 'site.yml', kind: 'playbook' },
      event: {
        start: '2026-11-05T09:30:00.000Z',
        end: '2026-11-05T09:30:02.000Z',
        duration: 7,
        outcome: 'success'
      },
      user: { name: 'alice', origin: 'loginuid' },
      source: { port: 51234 },
      observer: { hostname: 'control-1' },
      labels: { team: 'platform' },
      ansible: {
        version: '2.21.5',
        playbook: { name: 'site.yml', path: '/srv/ansible/site.yml' },
        stats: { ok: 1, changed: 1 },
        hosts: { total: 1, changed: 1 }
      },
      playtrail: {
        events: 3,
        results: { ok: 0, changed: 1, failed: 0, skipped: 0, unreachable: 0 },
        last_ingested: '2026-11-05T12:00:00.002002Z',
        last_heard: '2026-11-05T12:00:00.002002Z',
        silences: 0
      }
    }
    assert.deepEqual(items, [expected])
    assert.equal(receivedAt(2) % 1_000_000, 2002)
  })

  test('a run whose start has not arrived has the time of its id, and the name that its events repeat', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START, { name: 'deploy.yml', user: 'bob' })
    await store.write(batchOf([run.result('web-1', 'ok')]))
    const [item] = (await store.runs({ limit: 1, playbook: 'deploy.yml', user: 'bob' })).items
    assert.equal(item?.['@timestamp'], '2026-11-05T09:30:00.000Z')
    assert.deepEqual(item.run, { id: run.id, status: 'running', name: 'deploy.yml' })
    assert.deepEqual(item.user, { name: 'bob' })
  })

  test('writing an event again changes nothing, also under another number', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    const events = [run.started(), run.result('web-1', 'ok')]
    await store.write(batchOf(events, 0))
    const before = await everything(store, run.id)
    assert.deepEqual(await store.write(batchOf(events, 0)), [])
    assert.deepEqual(await store.write(batchOf(events, 2)), [])
    assert.deepEqual(await everything(store, run.id), before)
  })

  test('what can never be stored is returned, and all beside it is stored', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    const noTime = { ...run.started(), '@timestamp': 'yesterday' }
    const noRun = run.next('run.heartbeat', { run: { id: 'r-1' } })
    const batch = batchOf(
      ['{"cut', run.started(), '[1]', noTime, 'null', noRun, run.result('web-1', 'ok')],
      40
    )
    const refused = await store.write(batch)
    assert.deepEqual(
      refused.map(({ index }) => index),
      [40, 42, 43, 44, 45]
    )
    for (const { reason } of refused) assert.match(reason, /JSON object|@timestamp|run\.id/)
    assert.equal((await store.events({ order: 'asc', limit: 10 })).items.length, 2)
  })

  test('of two results of a task on a host the later one counts, whichever comes first', async (t) => {
    const store = await open(t)
    for (const [which, isReversed] of [false, true].entries()) {
      const run = runOfEvents(START, { which })
      const results = [run.result('web-1', 'failed'), run.result('web-1', 'ok'), run.result('web-2', 'ok')]
      if (isReversed) results.reverse()
      for (const [at, result] of results.entries()) await store.write(batchOf([result], which * 10 + at))
      const { items } = await store.results({ runId: run.id, limit: 10 })
      assert.deepEqual(
        items.map((item) => item.event.id),
        [`${run.id}:1`, `${run.id}:2`]
      )
      const [found] = (await store.runs({ id: run.id, limit: 1 })).items
      const expected = { ok: 2, changed: 0, failed: 0, skipped: 0, unreachable: 0 }
      assert.deepEqual(found?.playtrail, { ...found?.playtrail, events: 3, results: expected })
    }
  })

  test('a run that finished was not aborted, whichever is said first', async (t) => {
    const store = await open(t)
    const early = runOfEvents(START, { which: 1 })
    const late = runOfEvents(START, { which: 2 })
    const gone = runOfEvents(START, { which: 3 })
    const events = [
      early.finished('success'),
      early.aborted(),
      late.aborted(),
      late.finished('failed'),
      gone.aborted()
    ]
    for (const [at, event] of events.entries()) await store.write(batchOf([event], at))
    const { items } = await store.runs({ limit: 10 })
    assert.deepEqual(
      items.map(({ run }) => run.status),
      ['aborted', 'failed', 'success']
    )
  })

  test('a run that fell silent is running again when it is heard of, and finished when that is said', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    const statusAfter = async (record: number, event: Event) => {
      await store.write(batchOf([event], record))
      return (await store.runs({ id: run.id, limit: 1 })).items[0]?.run.status
    }
    assert.equal(await statusAfter(0, run.started()), 'running')
    assert.equal(await statusAfter(1, run.fellSilent(0)), 'aborted')
    assert.equal(await statusAfter(2, run.next('run.heartbeat')), 'running')
    assert.equal(await statusAfter(3, run.fellSilent(2)), 'aborted')
    assert.equal(await statusAfter(4, run.finished('changed')), 'changed')
    const [found] = (await store.runs({ id: run.id, limit: 1 })).items
    assert.deepEqual([found?.playtrail.silences, found?.playtrail.last_heard], [2, receivedTime(4)])
  })

  test('a run is silent only as long as nothing came after what the server had heard, whichever is said first', async (t) => {
    const store = await open(t)
    const silent = runOfEvents(START, { which: 1 })
    const alive = runOfEvents(START, { which: 2 })
    const killed = runOfEvents(START, { which: 3 })
    const events = [
      silent.fellSilent(1),
      silent.next('run.heartbeat'),
      alive.fellSilent(1),
      alive.next('run.heartbeat'),
      killed.aborted(),
      killed.fellSilent(3)
    ]
    for (const order of [events, events.toReversed()])
      for (const event of order) await store.write(batchOf([event], events.indexOf(event)))
    const { items } = await store.runs({ limit: 10 })
    assert.deepEqual(
      items.map(({ run }) => [run.status, run.reason]),
      [
        ['aborted', 'killed'],
        ['running', undefined],
        ['aborted', 'silent']
      ]
    )
  })

  test('a run that was aborted says when, why, and how many events there were', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    const vcs = { branch: 'main', commit: 'a'.repeat(40) }
    const ci = { provider: 'gitlab' as const, job_url: 'https://ci.example/1' }
    const awx = { job_id: '42' }
    const error = { message: 'The process was gone.' }
    const reason = { status: 'aborted', reason: 'killed', events: 2, lost: 1 } as const
    await store.write(
      batchOf([run.started({ vcs, ci, awx }), run.aborted({ run: { id: run.id, ...reason }, error })])
    )
    const [found] = (await store.runs({ limit: 1 })).items
    assert.deepEqual(found?.run, { id: run.id, name: 'site.yml', kind: 'playbook', ...reason })
    const [start, end] = ['2026-11-05T09:30:00.000Z', '2026-11-05T09:30:01.000Z']
    assert.deepEqual(found.event, { start, end, duration: 1_000_000_000 })
    assert.deepEqual([found.vcs, found.ci, found.awx, found.error], [vcs, ci, awx, error])
  })

  test('runs are found by how long nothing was heard of them, whatever the server said since', async (t) => {
    const store = await open(t)
    const old = runOfEvents(START, { which: 1 })
    const young = runOfEvents(START, { which: 2 })
    await store.write(
      batchOf([old.started(), young.started(), old.fellSilent(0), young.next('run.heartbeat')])
    )
    const heardBefore = async (record: number) =>
      (await store.runs({ limit: 10, heardBeforeMs: receivedAt(record) / 1000 })).items.map(
        ({ run }) => run.id
      )
    assert.deepEqual(await heardBefore(0), [])
    assert.deepEqual(await heardBefore(3), [old.id])
    assert.deepEqual(await heardBefore(4), [young.id, old.id])
  })

  test('heartbeats can be left out of the events', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    const query = { order: 'asc', limit: 10, isWithoutHeartbeats: true } as const
    await store.write(batchOf([run.started()]))
    assert.equal((await store.events(query)).items.length, 1, 'also where there is none')
    await store.write(batchOf([run.next('run.heartbeat'), run.finished('success')], 1))
    const { items } = await store.events(query)
    assert.deepEqual(
      items.map(({ event }) => event.action),
      ['run.started', 'run.finished']
    )
  })

  test('`*` is the only sign with a meaning, and case matters', async (t) => {
    const store = await open(t)
    const names = ['web-1', 'web_1', 'Web-1', 'web%', 'w?b-1', 'web[1]', 'w\\b']
    const run = runOfEvents(START)
    await store.write(batchOf(names.map((name) => run.result(name, 'ok', `on ${name}`))))
    const hostsOf = async (host: string) =>
      (await store.results({ runId: run.id, host, limit: 10 })).items.map((item) => item.host?.name)
    for (const name of names) assert.deepEqual(await hostsOf(name), [name])
    for (const name of names) assert.deepEqual(await hostsOf(`${name}*`), [name])
    assert.deepEqual(await hostsOf('web*'), ['web-1', 'web_1', 'web%', 'web[1]'])
    assert.deepEqual(await hostsOf('*-1'), ['web-1', 'Web-1', 'w?b-1'])
    assert.deepEqual(await hostsOf('w*b**1*'), ['web-1', 'web_1', 'w?b-1', 'web[1]'])
    assert.deepEqual(await hostsOf('web-[0-9]'), [])
  })

  test('`*` has no meaning in the names of a user and of an action', async (t) => {
    const store = await open(t)
    await store.write(batchOf([runOfEvents(START).result('web-1', 'ok')]))
    for (const query of [{ user: 'al*' }, { action: 'host.*' }])
      assert.deepEqual(await store.events({ ...query, order: 'asc', limit: 10 }), { items: [] })
    assert.deepEqual(await store.runs({ user: 'al*', limit: 10 }), { items: [] })
  })

  test('events and results are those that match the query as well', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    const results = [
      run.result('web-1', 'changed', 'Install nginx'),
      run.result('web-2', 'ok', 'Install nginx'),
      run.result('web-1', 'ok', 'Restart nginx')
    ]
    await store.write(batchOf([run.started(), ...results, runOfEvents(START, { which: 1 }).started()]))
    const ids = (...which: number[]) => which.map((at) => results[at]?.event.id)
    const asked: [query: string, found: (string | undefined)[]][] = [
      ['nginx', ids(0, 1, 2)],
      ['install', ids(0, 1)],
      ['host:web-1 status:ok', ids(2)],
      ['host:web-1 -status:ok', ids(0)],
      [`run:${run.id} AND host:*`, ids(0, 1, 2)],
      ['run:none', []],
      ['host:none', []]
    ]
    for (const [text, found] of asked) {
      const matching = parseQuery(text, 0)
      const foundEvents: string[] = []
      let after: Position | undefined
      do {
        const page = await store.events({ matching, order: 'asc', limit: 1, after })
        foundEvents.push(...page.items.map(({ event }) => event.id))
        after = page.next
      } while (after !== undefined)
      assert.deepEqual(foundEvents, found, text)
      const { items } = await store.results({ runId: run.id, matching, limit: 10 })
      assert.deepEqual(
        items.map(({ event }) => event.id),
        found,
        text
      )
    }
    const filtered = {
      matching: parseQuery('host:web-1', 0),
      host: 'web-2',
      order: 'asc',
      limit: 10
    } as const
    assert.deepEqual(await store.events(filtered), { items: [] }, 'filters hold besides the query')
  })

  test('runs are those whose document matches the query, with the hosts that they have results on', async (t) => {
    const store = await open(t)
    const site = runOfEvents(START)
    const deploy = runOfEvents(START + 1, { which: 1, name: 'deploy.yml', user: 'bob' })
    await store.write(
      batchOf([
        site.started({ labels: { team: 'web' }, source: { ip: '10.1.2.3' } }),
        site.result('web-1', 'changed'),
        site.result('web-2', 'failed'),
        site.finished('failed'),
        deploy.started(),
        deploy.result('web-2', 'ok'),
        deploy.aborted({ error: { message: 'Killed by the OOM killer.' } })
      ])
    )
    const [ofSite, ofDeploy, both] = [[site.id], [deploy.id], [deploy.id, site.id]]
    const asked: [query: string, found: string[]][] = [
      ['status:failed', ofSite],
      ['status:(failed OR aborted)', both],
      ['host:web-2', both],
      ['host:web-1', ofSite],
      ['NOT host:web-1', ofDeploy],
      ['labels.team:web ip:10.0.0.0/8', ofSite],
      ['"oom killer"', ofDeploy],
      ['user:b*', ofDeploy],
      ['ansible.playbook.path:*/site.yml', ofSite],
      ['event.start:2026-11-05', both],
      ['@timestamp:2026-11-05T09:30:00.001Z', ofDeploy],
      ['_exists_:error', ofDeploy],
      ['run.reason:killed', ofDeploy],
      ['user:nobody', []]
    ]
    for (const [text, found] of asked) {
      const matching = parseQuery(text, 0, 'runs')
      const ids: string[] = []
      let after: Position | undefined
      do {
        const page = await store.runs({ matching, limit: 1, after })
        ids.push(...page.items.map(({ run }) => run.id))
        after = page.next
      } while (after !== undefined)
      assert.deepEqual(ids, found, text)
    }
    assert.throws(() => parseQuery('task:nginx', 0, 'runs'), /A run has no ansible\.task\.name\.text/)
  })

  test('times are half open, to the microsecond', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    const times = ['30:00.123455', '30:00.123456', '30:00.123457'].map((end) => `2026-11-05T09:${end}Z`)
    await store.write(batchOf(times.map((time) => run.next('run.heartbeat', { '@timestamp': time }))))
    const found = async (fromMs: number, toMs: number) =>
      (await store.events({ order: 'asc', limit: 10, fromMs, toMs })).items.map((item) => item['@timestamp'])
    assert.deepEqual(await found(START + 123.456, START + 123.457), [times[1]])
    assert.deepEqual(await found(START + 123, START + 124), times)
    assert.deepEqual(await found(START + 124, START + 125), [])
  })

  test('an event of any year from 0000 to 9999 is found', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    const times = ['0000-01-01T00:00:00.000Z', '2026-11-05T09:30:00.000Z', '9999-12-31T23:59:59.999999Z']
    await store.write(batchOf(times.map((time) => run.next('run.heartbeat', { '@timestamp': time }))))
    const timesOf = async (query: Partial<EventQuery>): Promise<string[]> =>
      (await store.events({ order: 'asc', limit: 10, ...query })).items.map((event) => event['@timestamp'])
    assert.deepEqual(await timesOf({}), times)
    assert.deepEqual(await timesOf({ user: 'alice' }), times)
    assert.deepEqual(await timesOf({ runId: run.id, fromMs: START + 1 }), times.slice(2))
    assert.deepEqual(await timesOf({ toMs: START }), times.slice(0, 1))
  })

  test('the time of a run is the one within its id', async (t) => {
    const store = await open(t)
    await store.write(batchOf([0, 1, 2].map((ms) => runOfEvents(START + ms).started())))
    const found = async (query: Partial<RunQuery>) =>
      (await store.runs({ limit: 10, ...query })).items.map(({ run }) => run.id)
    assert.deepEqual(await found({ fromMs: START + 1, toMs: START + 2 }), [runId(START + 1)])
    assert.deepEqual(await found({ fromMs: START + 0.5 }), [runId(START + 2), runId(START + 1)])
    assert.deepEqual(await found({ fromMs: -1, toMs: 0 }), [])
    assert.deepEqual((await found({ fromMs: -1, toMs: 2 ** 52 })).length, 3)
  })

  test('the life of a service is a run that it ends itself, and that can be left out or asked for', async (t) => {
    const store = await open(t)
    const playbook = runOfEvents(START)
    const [alive, killed] = [runId(START + 1, 1), runId(START + 2, 2)]
    const start: Happened = { action: 'run.started', type: 'start', fields: { user: { name: 'playtrail' } } }
    const beat: Happened = { action: 'run.heartbeat', type: 'info', end: new Date(START + 9).toISOString() }
    const end: Happened = { action: 'run.aborted', type: 'end', run: { status: 'aborted', reason: 'killed' } }
    await store.write(
      batchOf([
        playbook.started(),
        lifeEvent(alive, 0, start, START + 1),
        lifeEvent(killed, 0, start, START + 2),
        lifeEvent(alive, 1, beat, START + 3),
        lifeEvent(killed, 1, end, START + 4)
      ])
    )
    const found = async (query: Partial<RunQuery>) =>
      (await store.runs({ limit: 10, ...query })).items.map(({ run }) => run.id)
    assert.deepEqual(await found({}), [killed, alive, playbook.id])
    assert.deepEqual(await found({ isWithoutService: true }), [playbook.id])
    assert.deepEqual(await found({ kind: 'service' }), [killed, alive])
    assert.deepEqual(await found({ kind: 'playbook' }), [playbook.id])
    assert.deepEqual(await found({ kind: 'service', status: 'aborted' }), [killed])
    assert.deepEqual(
      await found({ matching: parseQuery('run.kind:service AND status:running', 0, 'runs') }),
      [alive]
    )
    const { items } = await store.runs({ limit: 10, kind: 'service' })
    assert.deepEqual(
      items.map(({ run, playtrail }) => [run.status, run.reason, playtrail.events, playtrail.silences]),
      [
        ['aborted', 'killed', 2, 0],
        ['running', undefined, 2, 0]
      ]
    )
    const names = async (filter: RunFilter) => [
      (await store.playbooks(filter)).map(({ run }) => run.name),
      (await store.users(filter)).map(({ user }) => user.name)
    ]
    assert.deepEqual(await names({ isWithoutService: true }), [['site.yml'], ['alice']])
    assert.deepEqual(await names({ kind: 'service' }), [['playtrail'], ['playtrail']])
  })

  test('pages stay as they are while newer events arrive', async (t) => {
    const store = await open(t)
    const old = runOfEvents(START)
    await store.write(batchOf([1, 2, 3, 4, 5].map((n) => old.result(`web-${n}`, 'ok'))))
    const query: EventQuery = { order: 'desc', limit: 2 }
    const first = await store.events(query)
    const young = runOfEvents(START + 3_600_000)
    await store.write(batchOf([young.started(), young.result('web-9', 'ok')], 5))
    const second = await store.events({ ...query, after: first.next })
    const third = await store.events({ ...query, after: second.next })
    const ids = [first, second, third].flatMap(({ items }) => items.map((item) => item.event.sequence))
    assert.deepEqual(ids, [4, 3, 2, 1, 0])
    assert.equal(third.next, undefined)
  })

  test('the cursor is remembered, and is 0 at first', async (t) => {
    const store = await open(t)
    assert.equal(await store.cursor(), 0)
    await store.moveCursor(17)
    assert.equal(await store.cursor(), 17)
  })

  test('an event without a run is found like any other', async (t) => {
    const store = await open(t)
    const { run: _run, ...event } = runOfEvents(START).started()
    await store.write(batchOf([event]))
    assert.equal((await store.events({ order: 'desc', limit: 1, user: 'alice' })).items.length, 1)
    assert.deepEqual(await store.runs({ limit: 1 }), { items: [] })
  })
}

async function everything(store: Store, runId: string): Promise<unknown> {
  return [
    await store.runs({ limit: 100 }),
    await store.results({ runId, limit: 100 }),
    await store.events({ order: 'asc', limit: 100 })
  ]
}
