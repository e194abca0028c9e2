import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type DriftResult, openDriftFold, saysOf } from '../../server/ask/drift-fold.ts'

const results = fc
  .array(
    fc.record({
      run: fc.constantFrom('run-1', 'run-2', 'run-3', 'run-4'),
      playbook: fc.constantFrom('site.yml', 'deploy.yml'),
      host: fc.constantFrom('web-1', 'web-2'),
      task: fc.constantFrom('install', 'start'),
      time: fc.nat(20),
      status: fc.constantFrom('ok', 'changed', 'changed', 'failed', 'skipped', 'unreachable'),
      isChecked: fc.boolean()
    }),
    { maxLength: 30 }
  )
  .map((drafts) =>
    drafts.map(
      ({ run, playbook, task, ...draft }, sequence): DriftResult => ({
        ...draft,
        '@timestamp': String(draft.time),
        run: { id: run, name: playbook },
        user: 'alice',
        task: { name: task },
        sequence,
        paths: []
      })
    )
  )

test('drift is what the last run says that says anything, since the first run that said so without a break', () => {
  fc.assert(
    fc.property(results, (all) => {
      assert.deepEqual(shown(all), defined(all))
    })
  )
})

test('any order and repetition of the same results ends in the same drift', () => {
  fc.assert(
    fc.property(results, fc.array(fc.nat(29)), fc.infiniteStream(fc.nat()), (all, again, places) => {
      const told = [...all, ...again.flatMap((at) => all[at] ?? [])]
      const shuffled = told
        .map((result) => ({ result, place: places.next().value }))
        .sort((one, other) => one.place - other.place)
        .map(({ result }) => result)
      assert.deepEqual(shown(shuffled), shown(all))
    })
  )
})

function shown(all: readonly DriftResult[]): string[] {
  const fold = openDriftFold()
  for (const result of all) fold.add(result)
  return fold
    .drift()
    .map(
      ({ host, playbook, identity, first, last, runs }) =>
        `${host} ${playbook} ${identity} ${first.sequence}-${last.sequence} ${runs}`
    )
}

/** The plain way: each pair's results one after the other, a run that is right beginning anew. */
function defined(all: readonly DriftResult[]): string[] {
  const pairs = Map.groupBy(
    all,
    ({ host, run, task }) => `${host} ${run.name} ${JSON.stringify([null, task.name])}`
  )
  const found = [...pairs].flatMap(([pair, own]) => {
    const differing = new Set(own.filter((result) => saysOf(result) === 'differs').map(({ run }) => run.id))
    // At the same time, what is right comes behind what is not.
    const inOrder = own.toSorted(
      (one, other) =>
        one.time - other.time ||
        Number(!differing.has(one.run.id)) - Number(!differing.has(other.run.id)) ||
        (one.run.id < other.run.id ? -1 : one.run.id > other.run.id ? 1 : one.sequence - other.sequence)
    )
    let series: DriftResult[] = []
    for (const result of inOrder) {
      const says = saysOf(result)
      if (says === 'differs') series.push(result)
      else if (says === 'right' && !differing.has(result.run.id)) series = []
    }
    const runs = new Set(series.map(({ run }) => run.id)).size
    return runs === 0 ? [] : [`${pair} ${series[0]?.sequence}-${series.at(-1)?.sequence} ${runs}`]
  })
  return found.sort()
}
