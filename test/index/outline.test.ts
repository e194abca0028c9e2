import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Event } from '../../server/event-types.ts'
import { cellAt } from '../../server/index/outline.ts'
import { openOutlineFold } from '../../server/index/outline-fold.ts'
import { limits } from '../../server/limits.ts'
import { sqliteStore } from '../query/sqlite-store.ts'
import { batchOf, runId } from './fixtures.ts'
import { testOutlineContract } from './outline-contract.ts'
import { playedRun, taskOf } from './outline-events.ts'

testOutlineContract(sqliteStore)

test('any order and repetition of the same events ends in the same outline', () => {
  fc.assert(
    fc.property(events, fc.array(fc.nat(39)), fc.infiniteStream(fc.nat()), (all, again, places) => {
      const told = [...all, ...again.flatMap((at) => all[at] ?? [])]
      const shuffled = told
        .map((event) => ({ event, place: places.next().value }))
        .sort((one, other) => one.place - other.place)
        .map(({ event }) => event)
      assert.deepEqual(outlineOf(shuffled), outlineOf(all))
    })
  )
})

test('a cell is the last result of a task on a host, and every count is made of the cells', () => {
  fc.assert(
    fc.property(events, (all) => {
      const { cells, hosts, tasks, plays } = outlineOf(all)
      const last = new Map<string, Event>()
      for (const event of all.filter(({ event }) => event.action === 'host.result')) {
        const { play, task } = event.ansible ?? {}
        last.set(JSON.stringify([play?.id, play?.batch, task?.id, task?.occurrence, event.host?.name]), event)
      }
      const expected = [...last.values()].map(
        ({ host, ansible, event }) =>
          `${host?.name} ${ansible?.task?.id} ${ansible?.result?.status} ${event.sequence}`
      )
      const found = Array.from(cells.host, (_, at) => {
        const { host, task, status, sequence } = cellAt(cells, at)
        return `${hosts[host]?.host.name} ${tasks[task]?.ansible.task.id} ${status} ${sequence}`
      })
      assert.deepEqual(found.toSorted(), expected.toSorted())
      for (const parts of [plays, tasks, hosts]) assert.equal(total(parts), expected.length)
      assert.deepEqual(
        tasks.map(({ sequence }) => sequence),
        tasks.map(({ sequence }) => sequence).toSorted(byNumber)
      )
    })
  )
})

test('an outline is too large with more tasks than results are allowed, as with more results', () => {
  const run = playedRun()
  const fold = openOutlineFold()
  // The play and the host are parts as well.
  fold.add(run.play('web', { hosts: ['web-1'] }))
  for (let occurrence = 3; occurrence <= limits.outlineResultsMax; occurrence++)
    fold.add(run.task('web', 'install', { occurrence }))
  assert.ok(!fold.isTooLarge)
  fold.add(run.task('web', 'install', { occurrence: 1 }))
  assert.ok(fold.isTooLarge)
})

test('the store puts a run together as the fold does of its events', async (t) => {
  const store = await sqliteStore(t)
  let written = 0
  await fc.assert(
    fc.asyncProperty(events, async (all) => {
      const id = runId(Date.UTC(2026, 10, 5), written)
      const own = all.map(({ event, ...rest }) => ({
        ...rest,
        event: { ...event, id: `${id}:${event.id}` },
        run: { id }
      }))
      if (own.length > 0) await store.write(batchOf(own, written))
      written += own.length + 1
      assert.deepEqual(await store.outline(id), outlineOf(own))
    })
  )
})

const byNumber = (one: number, other: number): number => one - other

function total(parts: readonly { results: Record<string, number> }[]): number {
  return parts.reduce((sum, { results }) => Object.values(results).reduce((of, count) => of + count, sum), 0)
}

function outlineOf(all: readonly Event[]) {
  const fold = openOutlineFold()
  for (const event of all) fold.add(event)
  return fold.outline()
}

const statuses = ['ok', 'changed', 'failed', 'skipped', 'unreachable'] as const

const drafts = fc.record({
  action: fc.constantFrom(
    'play.started',
    'play.no_hosts',
    'task.started',
    'host.result',
    'host.finished',
    'item.result'
  ),
  play: fc.constantFrom('web', 'db'),
  batch: fc.constantFrom(undefined, 1, 2),
  task: fc.constantFrom('install', 'check'),
  occurrence: fc.constantFrom(1, 2),
  host: fc.constantFrom('web-1', 'web-2', 'db-1'),
  status: fc.constantFrom(...statuses),
  flag: fc.constantFrom({}, { ignored: true }, { rescued: true }),
  duration: fc.constantFrom(undefined, -1, 0, 1, 1_500_000_000),
  microsecond: fc.constantFrom(0, 1, 999_999)
})

/** Events of one run in the order of their numbers, some of them lost. */
const events = fc
  .array(fc.option(drafts, { freq: 5 }), { maxLength: 40 })
  .map((all) => all.flatMap((draft, sequence) => (draft === null ? [] : [eventOf(draft, sequence)])))

type Draft = typeof drafts extends fc.Arbitrary<infer One> ? One : never

function eventOf({ action, batch, host, status, flag, duration, ...draft }: Draft, sequence: number): Event {
  const play = { id: draft.play, ...(batch !== undefined && { batch }) }
  const time = new Date(Date.UTC(2026, 10, 5, 9, 30, sequence)).toISOString().slice(0, 20)
  const isOfPlay = action === 'play.started' || action === 'play.no_hosts'
  return {
    '@timestamp': `${time}${String(draft.microsecond).padStart(6, '0')}Z`,
    event: {
      id: `${sequence}`,
      sequence,
      action: action as Event['event']['action'],
      dataset: 'ansible.result',
      ...(duration !== undefined && { duration })
    },
    host: { name: host },
    ansible: {
      play: isOfPlay ? { ...play, name: draft.play, hosts: [host] } : play,
      ...(!isOfPlay && { task: taskOf(draft.task, { occurrence: draft.occurrence }) }),
      ...(action === 'host.result' && { result: { status, ...flag } }),
      ...(action === 'host.finished' && { stats: { ok: sequence } })
    }
  }
}
