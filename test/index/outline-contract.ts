import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellAt, type Outline } from '../../server/index/outline.ts'
import type { Store } from '../../server/index/store.ts'
import { batchOf, runId, runOfEvents } from './fixtures.ts'
import { exampleRun, playedRun } from './outline-events.ts'
import type { OpenStore } from './store-contract.ts'

/** What every store promises of a run that is put together. */
export function testOutlineContract(open: OpenStore): void {
  test('a run is put together in the order of its playbook, whatever the order and repetition of its events', async (t) => {
    const store = await open(t)
    const outlines: Outline[] = []
    for (const [which, order] of [1, -1].entries()) {
      const { run, events } = exampleRun(Date.UTC(2026, 10, 5, 9, 30, which))
      // Another run has nothing to do with it.
      const other = runOfEvents(Date.UTC(2026, 10, 4), { which }).result('web-9', 'ok')
      const first = which * 100
      const late = order === 1 ? events : events.toReversed()
      await store.write(batchOf([...late, ...events, other], first))
      outlines.push(await store.outline(run.id))
    }
    const [outline, reversed] = outlines.map(shown)
    assert.deepEqual(outline, reversed)
    assert.deepEqual(outline?.tasks, ['web install', 'web check', 'db include'])
    assert.deepEqual(outline.plays, ['web 2 tasks, 2 hosts', 'db 1 tasks, 1 hosts', 'none 0 tasks, 0 hosts'])
    assert.deepEqual(outline.hosts, ['db-1 failed', 'web-1 changed', 'web-2 ok', 'web-3 undefined'])
    assert.deepEqual(outline.cells, [
      'db-1 include failed 11',
      'web-1 install changed 4',
      'web-1 check failed, rescued 6',
      'web-2 install ok 3',
      'web-2 check failed, ignored 7'
    ])
  })

  test('a run that is not there has an empty outline, and one whose starts were lost has its results', async (t) => {
    const store = await open(t)
    const run = playedRun()
    const lost = [run.started(), run.play('web'), run.task('web', 'install')]
    await store.write(batchOf([run.ended('web', 'install', 'web-1', 'ok')], lost.length))
    const none = shown(await store.outline(runId(0)))
    assert.deepEqual(none, { plays: [], tasks: [], hosts: [], cells: [] })
    const { plays, tasks, hosts, cells } = await store.outline(run.id)
    assert.deepEqual(shown({ plays, tasks, hosts, cells }).cells, ['web-1 install ok 3'])
    assert.equal(tasks[0]?.ansible.task.action, 'ansible.builtin.copy')
    // A result that took a second tells when its task was started.
    assert.deepEqual(tasks[0]?.event, {
      start: '2026-11-05T09:30:02.000000Z',
      end: '2026-11-05T09:30:03.000000Z',
      duration: 1_000_000_000
    })
  })

  test('counts of an outline are those of the run', async (t) => {
    const store = await open(t)
    const { run, events } = exampleRun()
    await store.write(batchOf(events))
    const [found] = (await store.runs({ id: run.id, limit: 1 })).items
    const { plays, tasks, hosts } = await store.outline(run.id)
    for (const parts of [plays, tasks, hosts]) {
      const sum = { ok: 0, changed: 0, failed: 0, skipped: 0, unreachable: 0 }
      for (const { results } of parts) for (const status of statuses) sum[status] += results[status]
      assert.deepEqual(sum, found?.playtrail.results)
    }
    assert.deepEqual(await sequences(store, run.id), [3, 4, 6, 7, 11])
  })
}

const statuses = ['ok', 'changed', 'failed', 'skipped', 'unreachable'] as const

async function sequences(store: Store, runId: string): Promise<number[]> {
  const { cells } = await store.outline(runId)
  const { items } = await store.results({ runId, limit: 100 })
  assert.deepEqual(
    items.map(({ event }) => event.sequence),
    [...cells.sequence].sort((one, other) => one - other)
  )
  return items.map(({ event }) => event.sequence ?? -1)
}

/** An outline in words, to be compared at a glance. */
export function shown({ plays, tasks, hosts, cells }: Outline) {
  return {
    plays: plays.map(
      ({ ansible, tasks: count, hosts: some }) => `${ansible.play.id} ${count} tasks, ${some} hosts`
    ),
    tasks: tasks.map(({ ansible }) => `${ansible.play.id} ${ansible.task.name}`),
    hosts: hosts.map(({ host, status }) => `${host.name} ${status}`),
    cells: Array.from(cells.host, (_, at) => {
      const { host, task, status, ignored, rescued, sequence } = cellAt(cells, at)
      const words = [status, ...(ignored ? ['ignored'] : []), ...(rescued ? ['rescued'] : [])].join(', ')
      return `${hosts[host]?.host.name} ${tasks[task]?.ansible.task.name} ${words} ${sequence}`
    })
  }
}
