import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Event } from '../../server/event-types.ts'
import type {
  EventQuery,
  Page,
  Position,
  ResultQuery,
  Run,
  RunQuery,
  Store
} from '../../server/index/store.ts'
import { batchOf, receivedAt, receivedTime, runId } from './fixtures.ts'
import { type ModelRun, modelEvents, modelResults, modelRuns } from './model.ts'
import type { OpenStore } from './store-contract.ts'

const DAY_MS = 86_400_000
const CASES = 300
const actions = [
  'run.started',
  'host.result',
  'item.result',
  'run.finished',
  'run.aborted',
  'run.fell_silent',
  'run.heartbeat'
] as const
const hosts = ['web-1', 'web-2', 'db_1', 'a?[b]', '50%'] as const
const users = ['alice', 'bob'] as const
const names = ['site.yml', 'deploy.yml'] as const
const resultStatuses = ['ok', 'changed', 'failed', 'skipped', 'unreachable'] as const
const ends = ['success', 'changed', 'failed', 'unreachable'] as const

/**
 * However the events of a journal are cut into batches, in whatever order and however often these are written,
 * every question is answered as by looking at each event once; page by page, with pages of any length.
 */
export function testStoreProperties(open: OpenStore, { cases = CASES } = {}): void {
  test('any order, batching and repetition of the same events ends in the same answers', async (t) => {
    const store = await open(t)
    let day = 0
    let written = 0
    await fc.assert(
      fc.asyncProperty(journals, orders, questions, async (drafts, order, asked) => {
        // Cases share a store, which takes long to open; each has a day and records of its own.
        const dayMs = Date.UTC(2026, 0, 1) + day++ * DAY_MS
        const journal = eventsOf(drafts, dayMs, written)
        for (const { first, length } of order) {
          const from = Math.min(first, journal.length - 1)
          await store.write(batchOf(journal.slice(from, from + length), written + from))
        }
        await store.write(batchOf(journal, written))
        await compare(store, journal, { dayMs, first: written, asked })
        written += journal.length
      }),
      { numRuns: cases }
    )
  })
}

interface Draft {
  run: number
  action: (typeof actions)[number]
  microsecond: number
  host: (typeof hosts)[number]
  user: (typeof users)[number]
  name: (typeof names)[number]
  status: (typeof resultStatuses)[number]
  end: (typeof ends)[number]
  task: number
  /** Of the server's own events: the record that was heard last, counted from the journal's first. */
  heardUntil: number
}

const drafts: fc.Arbitrary<Draft> = fc.record({
  run: fc.nat(2),
  action: fc.constantFrom(...actions),
  microsecond: fc.constantFrom(0, 1, 999, 1000, 1001, 5_000_000),
  host: fc.constantFrom(...hosts),
  user: fc.constantFrom(...users),
  name: fc.constantFrom(...names),
  status: fc.constantFrom(...resultStatuses),
  end: fc.constantFrom(...ends),
  task: fc.nat(1),
  heardUntil: fc.nat(40)
})

const journals = fc.array(drafts, { minLength: 1, maxLength: 40 })
const orders = fc.array(fc.record({ first: fc.nat(39), length: fc.integer({ min: 1, max: 15 }) }), {
  maxLength: 12
})

/** Mostly no filter: with many at once hardly a question would have an answer. */
const filter = <Value>(...values: Value[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) }
  )
const patterns = filter('web-1', 'web-*', '*', '*_*', 'a?*', 'a?[b]', '5*%', 'none', '*none*')
const times = filter(0, 0.001, 1, 1.001, 5_000, DAY_MS)
const questions = fc.array(
  fc.record({
    run: filter(0, 1, 2),
    action: filter('run.started', 'host.result', 'run.aborted', 'run.heartbeat'),
    isWithoutHeartbeats: fc.boolean(),
    heardBefore: filter(0, 5, 20),
    playbook: filter(...names, '*.yml', 'd*', '/srv/*', '/srv/ansible/site.yml'),
    host: patterns,
    user: filter(...users, 'nobody'),
    status: filter(...resultStatuses, ...ends, 'running' as const, 'aborted' as const),
    fromMs: times,
    toMs: times,
    order: fc.constantFrom('asc' as const, 'desc' as const),
    limit: fc.constantFrom(1, 2, 3, 7, 1000)
  }),
  { minLength: 3, maxLength: 6 }
)
type Question = typeof questions extends fc.Arbitrary<(infer One)[]> ? One : never

function eventsOf(journal: readonly Draft[], dayMs: number, first: number): Event[] {
  const counts = [0, 0, 0]
  return journal.map((draft) => {
    const id = runId(dayMs + draft.run, draft.run)
    const sequence = counts[draft.run] ?? 0
    counts[draft.run] = sequence + 1
    const isOfServer = draft.action === 'run.fell_silent'
    const action = draft.action === 'run.fell_silent' ? 'run.aborted' : draft.action
    const status = { 'run.started': 'running', 'run.finished': draft.end, 'run.aborted': 'aborted' } as const
    const isResult = draft.action === 'host.result' || draft.action === 'item.result'
    const ms = new Date(dayMs + Math.floor(draft.microsecond / 1000)).toISOString().slice(0, -1)
    return {
      '@timestamp': `${ms}${String(draft.microsecond % 1000).padStart(3, '0')}Z`,
      event: {
        id: `${id}:${isOfServer ? 'v' : ''}${sequence}`,
        sequence,
        action,
        dataset: 'ansible.run',
        ...(isOfServer && { provider: 'server', end: receivedTime(first + draft.heardUntil) })
      },
      run: {
        id,
        name: draft.name,
        ...(action in status && { status: status[action as keyof typeof status] })
      },
      user: { name: draft.user },
      ...(isResult && {
        host: { name: draft.host },
        ansible: { task: { id: `t${draft.task}`, name: 'task' }, result: { status: draft.status } }
      }),
      ...(draft.action === 'run.started' && { ansible: { playbook: { path: `/srv/ansible/${draft.name}` } } })
    }
  })
}

async function compare(
  store: Store,
  journal: Event[],
  { dayMs, first, asked }: { dayMs: number; first: number; asked: readonly Question[] }
): Promise<void> {
  for (const { run, fromMs = 0, toMs = DAY_MS, heardBefore, ...rest } of asked) {
    const day = { fromMs: dayMs + fromMs, toMs: dayMs + toMs }
    const id = run === undefined ? undefined : runId(dayMs + run, run)

    const events: EventQuery = { ...rest, ...day, runId: id }
    const foundEvents = await allOf(events, (query) => store.events(query))
    assert.deepEqual(
      foundEvents.map((item) => item.event.id),
      modelEvents(journal, events)
    )

    const heardBeforeMs = heardBefore === undefined ? undefined : receivedAt(first + heardBefore) / 1000
    const runs = { ...rest, ...day, id, heardBeforeMs } as RunQuery
    const foundRuns = await allOf(runs, (query) => store.runs(query))
    assert.deepEqual(foundRuns.map(summary), modelRuns(journal, runs, first))

    const results = { ...rest, ...day, runId: id ?? runId(dayMs) } as ResultQuery
    const foundResults = await allOf(results, (query) => store.results(query))
    assert.deepEqual(
      foundResults.map((item) => item.event.id),
      modelResults(journal, results)
    )
  }
}

async function allOf<Query extends object, Item>(
  query: Query & { limit: number },
  ask: (query: Query & { limit: number; after?: Position | undefined }) => Promise<Page<Item>>
): Promise<Item[]> {
  const items: Item[] = []
  let after: Position | undefined
  do {
    const page = await ask({ ...query, after })
    assert.ok(page.items.length <= query.limit)
    assert.ok(page.items.length > 0 || page.next === undefined, 'an empty page is the last one')
    assert.notDeepEqual(page.next, after ?? [], 'a page ends behind where it began')
    items.push(...page.items)
    after = page.next
  } while (after !== undefined)
  return items
}

function summary({ run, user, playtrail }: Run): ModelRun {
  const { id, status, name } = run
  const { events, silences, results } = playtrail
  return { id, status, name, user: user?.name, events, silences, results }
}
