import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseQuery } from '../../server/ask/query/parse.ts'
import type { Event } from '../../server/event-types.ts'
import { type Page, type Run, runStatuses } from '../../server/index/store.ts'
import { type EventFilter, facetFields, type RunFilter } from '../../server/index/summaries.ts'
import { batchOf, receivedTime, runId } from './fixtures.ts'
import {
  plainFacets,
  plainHistogram,
  plainHosts,
  plainPlaybooks,
  plainTasks,
  plainUsers
} from './plain-summaries.ts'
import type { OpenSummaries } from './summaries-contract/build.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const WEEK_MS = 7 * DAY_MS
const CASES = 150
/** A Monday. Each case has four weeks of its own. */
const FIRST_MS = Date.UTC(2026, 0, 5)
const CASE_MS = 4 * WEEK_MS

const actions = [
  'run.started',
  'host.result',
  'host.result',
  'host.result',
  'item.result',
  'host.finished',
  'run.finished',
  'run.aborted',
  'run.fell_silent',
  'run.heartbeat'
] as const
const hosts = ['web-1', 'web-2', 'db-1'] as const
const users = ['alice', 'bob'] as const
const names = ['site.yml', 'deploy.yml'] as const
const keys = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)] as const
const resultStatuses = ['ok', 'changed', 'failed', 'skipped', 'unreachable'] as const
const ends = ['success', 'changed', 'failed', 'unreachable'] as const

/**
 * However the events of a journal are cut into batches, in whatever order and however often these are written,
 * what they sum up to is what looking at each event once gives: for any time, any filter and any query.
 */
export function testSummariesProperties(open: OpenSummaries, { cases = CASES } = {}): void {
  test('any order, batching and repetition of the same events ends in the same sums', async (t) => {
    const store = await open(t)
    let cased = 0
    let written = 0
    const whole: Event[] = []
    await fc.assert(
      fc.asyncProperty(journals, orders, filters, async (drafts, order, asked) => {
        const startMs = FIRST_MS + cased++ * CASE_MS
        const journal = eventsOf(drafts, startMs, written)
        const write = (from: number, to: number): Promise<unknown> =>
          store.write(batchOf(journal.slice(from, to), written + from))
        for (const { first, length } of order) {
          const from = Math.min(first, journal.length - 1)
          await write(from, from + length)
        }
        await write(0, journal.length)
        written += journal.length
        whole.push(...journal)
        for (const each of asked) await compare(store, journal, startMs, each)
      }),
      { numRuns: cases }
    )
    for (const each of [{}, { status: 'changed' as const }, { host: '*-1', playbook: 'site*' }])
      await compareEvents(store, whole, each, 'week', 5)
  })
}

interface Draft {
  run: number
  action: (typeof actions)[number]
  hours: number
  microsecond: number
  host: (typeof hosts)[number]
  user: (typeof users)[number] | undefined
  name: (typeof names)[number] | undefined
  status: (typeof resultStatuses)[number]
  end: (typeof ends)[number]
  key: (typeof keys)[number] | undefined
  duration: number | undefined
  attempts: number | undefined
  isChecked: boolean
  heardUntil: number
}

/** About the ends of hours, days and weeks, where mistakes would be. */
const hoursOfCase = fc.oneof(
  fc.constantFrom(0, 1, 23, 24, 25, 167, 168, 169, 335, 336, 400, 503, 504, 600),
  fc.nat(4 * 168 - 1)
)
const microseconds = fc.oneof(fc.constantFrom(0, 1, 999, 1_000, 3_599_999_999), fc.nat(3_599_999_999))

const drafts: fc.Arbitrary<Draft> = fc.record({
  run: fc.nat(3),
  action: fc.constantFrom(...actions),
  hours: hoursOfCase,
  microsecond: microseconds,
  host: fc.constantFrom(...hosts),
  user: fc.constantFrom(undefined, ...users, ...users),
  name: fc.constantFrom(undefined, ...names, ...names),
  status: fc.constantFrom(...resultStatuses),
  end: fc.constantFrom(...ends),
  key: fc.constantFrom(undefined, ...keys),
  duration: fc.option(
    fc.oneof(fc.constantFrom(-1, 0, 1, 2, 1_050_000, Number.MAX_SAFE_INTEGER), fc.nat(10_000_000_000)),
    { nil: undefined }
  ),
  attempts: fc.constantFrom(undefined, 1, 2),
  isChecked: fc.boolean(),
  heardUntil: fc.nat(60)
})
const journals = fc.array(drafts, { minLength: 1, maxLength: 60 })
const orders = fc.array(fc.record({ first: fc.nat(59), length: fc.integer({ min: 1, max: 25 }) }), {
  maxLength: 12
})

/** Mostly no filter: with many at once hardly a question would have an answer. */
const filter = <Value>(...values: Value[]) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) }
  )
const times = fc.oneof(
  { weight: 2, arbitrary: fc.constant(undefined) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(hoursOfCase, fc.oneof(fc.constant(0), microseconds))
      .map(([hours, microsecond]) => hours * HOUR_MS + microsecond / 1000)
  }
)
const queries = filter(
  'host:web-*',
  'host:web-1',
  'status:failed AND user:alice',
  'action:host.result AND host:"db-1"',
  'action:run.started',
  'action:run.started AND user:alice',
  'NOT status:ok',
  `ansible.task.key:${keys[0]}`,
  'playbook:site.yml',
  'status:changed OR status:running',
  'ansible.task.check_mode:true',
  'install',
  'task:install AND host:web-2'
)
const filters = fc.array(
  fc.record({
    fromMs: times,
    toMs: times,
    run: filter(0, 1),
    action: filter('host.result', 'item.result', 'run.started', 'host.*', 'nothing'),
    playbook: filter(...names, '*.yml', 'none*'),
    host: filter(...hosts, 'web-*', '*', 'none'),
    user: filter(...users, 'al*', 'nobody'),
    status: filter(...resultStatuses, 'running' as const, 'aborted' as const),
    taskKey: filter(...keys),
    query: queries,
    ofRuns: filter('host:web-1', 'NOT user:alice', 'duration:>20', 'status:failed OR run.reason:silent'),
    interval: fc.constantFrom('minute' as const, 'hour' as const, 'day' as const, 'week' as const),
    valuesMax: fc.constantFrom(1, 2, 100)
  }),
  { minLength: 2, maxLength: 4 }
)
type Asked = typeof filters extends fc.Arbitrary<(infer One)[]> ? One : never

function eventsOf(journal: readonly Draft[], startMs: number, first: number): Event[] {
  const sequences = [0, 0, 0, 0]
  return journal.map((draft) => {
    const id = runId(startMs + draft.run * (WEEK_MS - 1), draft.run)
    const sequence = sequences[draft.run] ?? 0
    sequences[draft.run] = sequence + 1
    const isOfServer = draft.action === 'run.fell_silent'
    const action = draft.action === 'run.fell_silent' ? 'run.aborted' : draft.action
    const status = { 'run.started': 'running', 'run.finished': draft.end, 'run.aborted': 'aborted' } as const
    const isResult = action === 'host.result' || action === 'item.result'
    const ms = startMs + draft.hours * HOUR_MS + Math.floor(draft.microsecond / 1000)
    const { duration, key, attempts } = draft
    return {
      '@timestamp': `${new Date(ms).toISOString().slice(0, -1)}${String(draft.microsecond % 1000).padStart(3, '0')}Z`,
      event: {
        id: `${id}:${isOfServer ? 'v' : ''}${sequence}`,
        sequence,
        action,
        dataset: 'ansible.run',
        ...(duration !== undefined && { duration }),
        ...(isOfServer && { provider: 'server', end: receivedTime(first + draft.heardUntil) })
      },
      run: {
        id,
        ...(draft.name !== undefined && { name: draft.name }),
        ...(action in status && { status: status[action as keyof typeof status] })
      },
      ...(draft.user !== undefined && { user: { name: draft.user } }),
      ...((isResult || action === 'host.finished') && { host: { name: draft.host } }),
      ...(isResult && {
        ansible: {
          task: {
            // Some of a task's results replace others.
            id: `t${sequence % 5}`,
            name: `install ${sequence}`,
            ...(key !== undefined && { key }),
            ...(draft.isChecked && { check_mode: true })
          },
          result: { status: draft.status, ...(attempts !== undefined && { attempts }) }
        }
      })
    }
  })
}

type Opened = Awaited<ReturnType<OpenSummaries>>

async function compare(
  store: Opened,
  journal: readonly Event[],
  startMs: number,
  { run, query, ofRuns, interval, valuesMax, fromMs, toMs, ...rest }: Asked
): Promise<void> {
  const matching = query === undefined ? undefined : parseQuery(query, 0)
  const asked: EventFilter = {
    ...rest,
    matching,
    runId: run === undefined ? undefined : runId(startMs + run * (WEEK_MS - 1), run),
    // Without a limit there are only the events of other cases beyond this one's time.
    fromMs: startMs + (fromMs ?? 0),
    toMs: startMs + (toMs ?? CASE_MS)
  }
  await compareEvents(store, journal, asked, interval, valuesMax)
  const { playbook, host, user } = rest
  const status = runStatuses.find((known) => known === rest.status)
  await compareRuns(store, {
    ...{ fromMs: asked.fromMs, toMs: asked.toMs, playbook, host, user, status },
    matching: ofRuns === undefined ? undefined : parseQuery(ofRuns, 0, 'runs')
  })
}

async function compareEvents(
  store: Opened,
  journal: readonly Event[],
  asked: EventFilter,
  interval: Asked['interval'],
  valuesMax: number
): Promise<void> {
  const seen = (what: string): string => `${what}: ${JSON.stringify(asked)}`
  assert.deepEqual(
    sorted(await store.hosts(asked), ({ host }) => host.name),
    plainHosts(journal, asked),
    seen('hosts')
  )
  assert.deepEqual(
    sorted(await store.tasks(asked), ({ ansible }) => ansible.task.key),
    plainTasks(journal, asked),
    seen('tasks')
  )
  assert.deepEqual(
    await store.facets(asked, facetFields, valuesMax),
    plainFacets(journal, asked, facetFields, valuesMax),
    seen('facets')
  )
  assert.deepEqual(
    await store.histogram(asked, interval),
    plainHistogram(journal, asked, interval),
    seen('histogram')
  )
}

/** Which runs pass a filter, and which results a run has, is tested elsewhere: test/index/store-properties.ts. */
async function compareRuns(store: Opened, asked: RunFilter): Promise<void> {
  const runs: Page<Run> = await store.runs({ ...asked, limit: 1_000 })
  const seen = JSON.stringify(asked)
  assert.deepEqual(
    sorted(await store.playbooks(asked), ({ run }) => run.name),
    plainPlaybooks(runs.items),
    seen
  )
  assert.deepEqual(
    sorted(await store.users(asked), ({ user: each }) => each.name),
    plainUsers(runs.items),
    seen
  )
  const [host] = hosts
  const ofHost = { ...asked, host, limit: 100 }
  const expected = (await store.runs(ofHost)).items.map(async (run) => {
    const { items } = await store.results({ runId: run.run.id, host, limit: 100 })
    const count = (status: string): number =>
      items.filter(({ ansible }) => ansible?.result?.status === status).length
    const results = Object.fromEntries(resultStatuses.map((status) => [status, count(status)]))
    return { ...run, host: { name: host }, results }
  })
  assert.deepEqual((await store.hostRuns(ofHost)).items, await Promise.all(expected), seen)
}

function sorted<Item>(items: readonly Item[], nameOf: (item: Item) => string): Item[] {
  return items.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))
}
