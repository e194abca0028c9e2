import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepOutlines } from '../../server/ask/outlines.ts'
import type { Run, Store } from '../../server/index/store.ts'
import { limits } from '../../server/limits.ts'
import { batchOf, runOfEvents } from '../index/fixtures.ts'
import { ask, NOW } from './app.ts'

test('a run is put together once for all its parts, and anew when more of it has come', async (t) => {
  const run = runOfEvents(NOW)
  const events = [run.started(), run.result('web-1', 'ok'), run.result('web-2', 'changed')]
  let outlines = 0
  const counted = (store: Store): Store => ({
    ...store,
    outline: (id, signal) => {
      outlines++
      return store.outline(id, signal)
    }
  })
  const { get, store } = await ask(t, events, counted)
  const hosts = async (): Promise<number> => {
    for (const part of ['plays', 'tasks', 'matrix'])
      assert.equal((await get(`/v1/runs/${run.id}/${part}`)).status, 200)
    return (await get(`/v1/runs/${run.id}/hosts`)).body.items.length
  }
  assert.equal(await hosts(), 2)
  assert.equal(outlines, 1)
  await store.write(batchOf([run.result('web-3', 'ok')], events.length))
  assert.equal(await hosts(), 3)
  assert.equal(outlines, 2)
})

test('what is kept of runs has limits: how many, how large, how long', async (t) => {
  const runs = Array.from({ length: limits.outlinesKeptMax + 1 }, (_, which) => runOfEvents(NOW, { which }))
  const { store } = await ask(
    t,
    runs.flatMap((run) => [run.started(), run.result('web-1', 'ok')])
  )
  let now = NOW
  const read: string[] = []
  const outline: Store['outline'] = (id, signal) => {
    read.push(id)
    return store.outline(id, signal)
  }
  const kept = keepOutlines({ outline }, () => now)
  const { items } = await store.runs({ limit: runs.length })
  const [first, second] = items as [Run, Run]
  const of = (run: Run) => kept.of(run, t.signal)

  for (const run of items) await of(run)
  await of(second)
  assert.equal(read.length, items.length)
  await of(first)
  assert.equal(read.length, items.length + 1, 'the oldest had gone')
  now += limits.outlineKeptMs
  await of(first)
  assert.equal(read.length, items.length + 2, 'its time was over')

  // The index does not find all of its results yet.
  const more = {
    ...second,
    playtrail: { ...second.playtrail, results: { ...second.playtrail.results, ok: 2 } }
  }
  await of(more)
  await of(more)
  assert.equal(read.length, items.length + 4)
})
