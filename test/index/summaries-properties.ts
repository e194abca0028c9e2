import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RunDocument } from '../../server/ask/query/evaluate.ts'
import { parseQuery } from '../../server/ask/query/parse.ts'
import type { Event } from '../../server/event-types.ts'
import { resultStatuses, type Store } from '../../server/index/store.ts'
import {
  type EventFilter,
  facetFields,
  histogramIntervals,
  type RunFilter,
  type Summaries
} from '../../server/index/summaries.ts'
import { batchOf, runId } from './fixtures.ts'
import {
  plainFacets,
  plainHistogram,
  plainHosts,
  plainPlaybooks,
  plainTasks,
  plainUsers
} from './plain-summaries.ts'
import type { OpenSummaries } from './summaries-contract.ts'

const DAY_MS = 86_400_000
/** A case has weeks of its own, from a Monday on. */
const CASE_MS = 28 * DAY_MS
const FIRST_MONDAY = Date.UTC(2020, 0, 6)
const CASES = 100

/**
 * However the events of a journal are cut into batches, in whatever order and however often these are written, they
 * are summed up as by looking at each one.
 */
export function testSummariesProperties(open: OpenSummaries, { cases = CASES } = {}): void {
  test('events are summed up as the plain computation does, in any order and batches', async (t) => {
    const store = await open(t)
    let count = 0
    let written = 0
    await fc.assert(
      fc.asyncProperty(journals, orders, questions, async (drafts, order, asked) => {
        // Cases share a store, which takes long to open.
        const startMs = FIRST_MONDAY + count++ * CASE_MS
        const journal = eventsOf(drafts, startMs)
        for (const { first, length } of order) {
          const from = Math.min(first, journal.length - 1)
          await store.write(batchOf(journal.slice(from, from + length), written + from))
        }
        await store.write(batchOf(journal, written))
        written += journal.length
        for (const question of asked) await compare(store, journal, startMs, question)
      }),
      { numRuns: cases }
    )
  })
}

const actions = [
  'run.started',
  'host.result',
  'host.result',
  'host.result',
  'item.result',
  'run.finished',
  'run.aborted'
] as const
const hosts = ['web-1', 'web-2', 'a?[b]'] as const
const users = ['alice', 'bob'] as const
const names = ['site.yml', 'deploy.yml'] as const
const ends = ['success', 'changed', 'failed', 'unreachable'] as const
/** Around the ends of weeks, hours and minutes, to the microsecond. */
const offsets = [
  0,
  1,
  59_999_999,
  60_000_000,
  3_600_000_000,
  7 * DAY_MS * 1000 - 1,
  7 * DAY_MS * 1000
] as const
const durations = [0, 1, 20, 1_000_000, 1_000_001, 1_050_000, 5_000_000_000, Number.MAX_SAFE_INTEGER] as const

const optional = <Value>(...values: readonly Value[]) =>
  fc.option(fc.constantFrom(...values), { nil: undefined })

const drafts = fc.record({
  run: fc.nat(3),
  action: fc.constantFrom(...actions),
  offset: fc.constantFrom(...offsets),
  host: fc.constantFrom(...hosts),
  user: optional(...users),
  name: optional(...names),
  status: fc.constantFrom(...resultStatuses),
  end: fc.constantFrom(...ends),
  duration: optional(...durations),
  key: optional('a'.repeat(40), 'b'.repeat(40)),
  task: fc.nat(2),
  role: optional('web', 'db'),
  attempts: optional(1, 2),
  check: optional(true, false)
})
type Draft = typeof drafts extends fc.Arbitrary<infer One> ? One : never

const journals = fc.array(drafts, { minLength: 1, maxLength: 40 })
const orders = fc.array(fc.record({ first: fc.nat(39), length: fc.integer({ min: 1, max: 15 }) }), {
  maxLength: 6
})

/** Mostly no filter: with many at once hardly a question would have an answer. */
const filter = <Value>(...values: Value[]) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...values) }
  )
const times = filter(0.001, 60_000, 7 * DAY_MS - 0.001, 7 * DAY_MS, 8 * DAY_MS)
const questions = fc.array(
  fc.record({
    run: filter(0, 1, 2),
    action: filter('host.result', 'run.started'),
    playbook: filter(...names, '*.yml', 'd*', '/srv/*'),
    host: filter('web-1', 'web-*', '*', 'a?[b]', 'none'),
    user: filter(...users),
    resultStatus: filter(...resultStatuses, 'running' as const),
    runStatus: filter(...ends, 'running' as const, 'aborted' as const),
    taskKey: filter('a'.repeat(40)),
    ofEvents: filter('status:(failed OR changed)', 'NOT host:web-1', 'ansible.task.role:web', 'duration:>20'),
    ofRuns: filter('host:web-1', 'NOT user:alice', 'duration:>20', 'status:failed OR run.reason:killed'),
    fromMs: times,
    toMs: times,
    valuesMax: fc.constantFrom(1, 2, 100),
    fields: fc.subarray([...facetFields]),
    interval: fc.constantFrom(...histogramIntervals)
  }),
  { minLength: 1, maxLength: 3 }
)
type Question = typeof questions extends fc.Arbitrary<(infer One)[]> ? One : never

/** Runs start where weeks end, in the order of their numbers. */
function idOf(run: number, startMs: number): string {
  return runId(startMs + ([0, 1, 7 * DAY_MS - 1, 7 * DAY_MS][run] ?? 0), run)
}

function eventsOf(journal: readonly Draft[], startMs: number): Event[] {
  const counts = [0, 0, 0, 0]
  return journal.map((draft) => {
    const { run, action, offset, host, user, name, duration } = draft
    const id = idOf(run, startMs)
    const sequence = counts[run] ?? 0
    counts[run] = sequence + 1
    const status = { 'run.started': 'running', 'run.finished': draft.end, 'run.aborted': 'aborted' } as const
    const ms = new Date(startMs + Math.floor(offset / 1000)).toISOString().slice(0, -1)
    return {
      '@timestamp': `${ms}${String(offset % 1000).padStart(3, '0')}Z`,
      event: {
        ...{ id: `${id}:${sequence}`, sequence, action, dataset: 'ansible.run' as const },
        ...(duration !== undefined && { duration })
      },
      run: {
        id,
        ...(name !== undefined && { name }),
        ...(action in status && { status: status[action as keyof typeof status] }),
        ...(action === 'run.aborted' && { reason: 'killed' as const })
      },
      ...(user !== undefined && { user: { name: user } }),
      ...(action.endsWith('.result') && { host: { name: host }, ansible: resultOf(draft) }),
      ...(action === 'run.started' && { ansible: { playbook: { name: 'x', path: `/srv/${name}` } } })
    }
  })
}

function resultOf({ status, key, task, role, attempts, check }: Draft): NonNullable<Event['ansible']> {
  return {
    task: {
      ...{ id: `t${task}`, name: `task ${task}`, occurrence: 1 },
      ...(key !== undefined && { key }),
      ...(role !== undefined && { role }),
      ...(check !== undefined && { check_mode: check })
    },
    result: { status, ...(attempts !== undefined && { attempts }) }
  }
}

async function compare(
  store: Store & Summaries,
  journal: readonly Event[],
  startMs: number,
  { run, fromMs = 0, toMs = CASE_MS, ...asked }: Question
): Promise<void> {
  const within = { fromMs: startMs + fromMs, toMs: startMs + toMs }
  const { action, playbook, host, user, taskKey, ofEvents, ofRuns, valuesMax, fields, interval } = asked
  const id = run === undefined ? undefined : idOf(run, startMs)
  const events: EventFilter = {
    ...{ ...within, action, playbook, host, user, taskKey, runId: id, status: asked.resultStatus },
    matching: ofEvents === undefined ? undefined : parseQuery(ofEvents, 0)
  }
  assert.deepEqual(sorted(await store.hosts(events)), sorted(plainHosts(journal, events)))
  assert.deepEqual(sorted(await store.tasks(events)), sorted(plainTasks(journal, events)))
  assert.deepEqual(
    await store.facets(events, fields, valuesMax),
    plainFacets(journal, events, fields, valuesMax)
  )
  assert.deepEqual(await store.histogram(events, interval), plainHistogram(journal, events, interval))

  const documents = await runsOf(store, journal, startMs)
  const runs: RunFilter = {
    ...{ ...within, playbook, host, user, status: asked.runStatus },
    matching: ofRuns === undefined ? undefined : parseQuery(ofRuns, 0, 'runs')
  }
  assert.deepEqual(sorted(await store.playbooks(runs)), sorted(plainPlaybooks(documents, runs)))
  assert.deepEqual(sorted(await store.users(runs)), sorted(plainUsers(documents, runs)))
  await compareHostRuns(store, runs)
}

/** The runs that the store answers, with their hosts. */
async function runsOf(store: Store, journal: readonly Event[], startMs: number): Promise<RunDocument[]> {
  const { items } = await store.runs({ fromMs: startMs, toMs: startMs + CASE_MS, limit: 100 })
  return items.map((item) => {
    const ofRun = journal.filter(
      ({ run, event }) => run?.id === item.run.id && event.action === 'host.result'
    )
    const name = [...new Set(ofRun.flatMap((event) => event.host?.name ?? []))]
    return { ...item, ...(name.length > 0 && { host: { name } }) }
  })
}

/** A host's runs are those that are found by its name, and their results those of /v1/runs/:id/results. */
async function compareHostRuns(store: Store & Summaries, filter: RunFilter): Promise<void> {
  const query = { ...filter, host: 'web-1', limit: 100 }
  const { items } = await store.hostRuns(query)
  const { items: runs } = await store.runs(query)
  const expected = runs.map(async (run) => {
    const { items: found } = await store.results({ runId: run.run.id, host: 'web-1', limit: 100 })
    const count = (status: string): number =>
      found.filter(({ ansible }) => ansible?.result?.status === status).length
    const results = Object.fromEntries(resultStatuses.map((status) => [status, count(status)]))
    return { ...run, host: { name: 'web-1' }, results }
  })
  assert.deepEqual(items, await Promise.all(expected))
}

/** Groups may come in any order. */
function sorted<Item>(items: readonly Item[]): Item[] {
  const nameOf = (item: Item): string => {
    const { host, run, user, ansible } = item as { [Name in 'host' | 'run' | 'user']?: { name: string } } & {
      ansible?: { task: { key: string } }
    }
    return host?.name ?? run?.name ?? user?.name ?? ansible?.task.key ?? ''
  }
  return items.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))
}
