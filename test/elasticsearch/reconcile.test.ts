import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Client } from '@elastic/elasticsearch'
import fc from 'fast-check'
import type { DataFolder } from '../../server/data-folder.ts'
import type { Event } from '../../server/event-types.ts'
import { openElasticsearchComparable } from '../../server/index/elasticsearch/comparable.ts'
import { namesOf } from '../../server/index/elasticsearch/names.ts'
import { openElasticsearchRepair } from '../../server/index/elasticsearch/repair.ts'
import { backingIndices } from '../../server/index/elasticsearch/sent-before.ts'
import { setUp } from '../../server/index/elasticsearch/setup.ts'
import type { ComparableIndex, IndexRepair } from '../../server/index/reconcile/comparable.ts'
import { limits } from '../../server/limits.ts'
import { runOfEvents } from '../index/fixtures.ts'
import { compare, eventsOfRuns, indexInto, inShort, left, recorded, START } from '../index/reconcile-world.ts'
import { whyNoElasticsearch } from '../support/elasticsearch.ts'
import { clientOf, newNamespace, openStore } from './stores.ts'

const skip = whyNoElasticsearch() ?? false
const events = eventsOfRuns(3)
const WRONG_HASH = 'f'.repeat(64)

test('an index that was made of the journal agrees with it, over several pages', { skip }, async (t) => {
  const run = runOfEvents(START)
  const many = [
    run.started(),
    ...Array.from({ length: 3_000 }, (_, at) => run.result(`web-${at % 50}`, 'ok', `task ${at}`))
  ]
  assert.ok(many.length > 10 * limits.reconcilePageItems)
  const { folder, index, client } = await indexed(t, many)
  const pages: number[] = []
  client.diagnostic.on('response', (_error, answer) => {
    const { hits, docs } = (answer?.body ?? {}) as { hits?: { hits: unknown[] }; docs?: unknown[] }
    pages.push(hits?.hits.length ?? docs?.length ?? 0)
  })
  const compared = await compare(folder, index)
  assert.deepEqual(compared.told, [])
  assert.equal(Math.max(...pages), limits.reconcilePageItems)
  assert.ok(pages.filter((size) => size === limits.reconcilePageItems).length > 3 * 10)
  assert.deepEqual([compared.next, compared.pending, compared.runs], [many.length, 0, 1])
})

type Spoil = (world: World, at: number) => Promise<unknown>

/** What is done to the index, and what is told of it: `$` is the event's id, `#` the key of its result, `@` its run. */
const ofEvents: Record<string, [spoil: Spoil, told: string[], fields?: string[]]> = {
  'an event that was deleted': [(world, at) => world.deleteEvent(at), ['event missing $']],
  'an event that was changed': [
    (world, at) => world.changeEvent(at, (source) => ({ ...source, user: { name: 'mallory' } })),
    ['event changed $'],
    ['user.name']
  ],
  'an event with another hash': [
    (world, at) =>
      world.changeEvent(at, (source) => ({ ...source, event: { ...source.event, hash: WRONG_HASH } })),
    ['event changed $'],
    ['event.hash']
  ],
  'an event with a field more': [
    (world, at) => world.changeEvent(at, (source) => ({ ...source, labels: { ticket: '4711' } })),
    ['event changed $'],
    ['labels']
  ],
  'an event that is sorted wrongly': [
    (world, at) =>
      world.changeEvent(at, ({ playtrail, ...source }) => ({
        ...source,
        playtrail: { ...playtrail, time: 1 }
      })),
    ['event changed $'],
    ['playtrail.time']
  ],
  'an event that says it is of another record': [
    (world, at) =>
      world.changeEvent(at, ({ playtrail, ...source }) => ({
        ...source,
        playtrail: { ...playtrail, index: at + 1 }
      })),
    ['event changed $'],
    ['playtrail.index']
  ],
  'an event that says it is of no record': [
    (world, at) =>
      world.changeEvent(at, ({ playtrail: { index: _index, ...playtrail }, ...source }) => ({
        ...source,
        playtrail
      })),
    ['event changed $'],
    ['playtrail.index']
  ],
  'an event that says it is of an unknown journal': [
    (world, at) =>
      world.changeEvent(at, ({ playtrail, ...source }) => ({
        ...source,
        playtrail: { ...playtrail, log: 'none' }
      })),
    ['event changed $'],
    ['playtrail.log']
  ],
  'an event that was given to another run': [
    (world, at) => world.changeEvent(at, (source) => ({ ...source, run: { ...source.run, id: other(at) } })),
    ['event changed $'],
    ['run.id']
  ],
  'an event that the journal knows nothing of': [
    (world, at) => world.addEvent(at, `made-up-${at}`, at),
    [`event added made-up-`]
  ],
  'an event beyond the end of the journal': [
    (world, at) => world.addEvent(at, `made-up-${at}`, 5_000 + at),
    [`event added made-up-`]
  ],
  'an event with a negative number': [
    (world, at) => world.addEvent(at, `made-up-${at}`, -1 - at),
    [`event added made-up-`]
  ]
}

const ofResults: Record<string, [spoil: Spoil, told: string[], fields?: string[]]> = {
  'a result that was deleted': [
    (world, at) => world.delete(world.names.results, world.keyOf(at)),
    ['result missing #']
  ],
  'a result that was changed': [
    (world, at) =>
      world.change(world.names.results, world.keyOf(at), (source) => ({
        ...source,
        ansible: { result: { status: 'skipped' } }
      })),
    ['result changed #'],
    ['ansible.result.status']
  ],
  'a result that pretends to be later': [
    (world, at) =>
      world.change(world.names.results, world.keyOf(at), (source) => ({
        ...source,
        event: { ...source.event, sequence: 999 }
      })),
    ['result changed #'],
    ['event.sequence']
  ],
  'a result of nothing': [
    (world, at) => world.copy(world.names.results, world.keyOf(at), `made-up-${at}`),
    ['result added made-up-']
  ]
}

const ofRuns: Record<string, [spoil: Spoil, told: string[], fields?: string[]]> = {
  'a run that was deleted': [(world, at) => world.delete(world.names.runs, runOf(at)), ['run missing @']],
  'a run whose status was changed': [
    (world, at) =>
      world.change(world.names.runs, runOf(at), (source) => ({
        ...source,
        run: { ...source.run, status: 'success' }
      })),
    ['run changed @'],
    ['run.status']
  ],
  'a run whose count was changed': [
    (world, at) =>
      world.change(world.names.runs, runOf(at), ({ playtrail, ...source }) => ({
        ...source,
        playtrail: { ...playtrail, events: 1 }
      })),
    ['run changed @'],
    ['playtrail.events']
  ],
  'a run without events': [
    (world, at) => world.copy(world.names.runs, runOf(at), `made-up-${at}`),
    ['run added made-up-']
  ]
}

test('whatever is spoilt in the index is named, with the fields, and repaired', { skip }, async (t) => {
  const world = await indexed(t, events)
  const { folder, index, repair } = world
  for (const [what, [spoil, told, fields]] of Object.entries({ ...ofEvents, ...ofResults, ...ofRuns })) {
    await t.test(what, async () => {
      await spoil(world, 6)
      await world.refresh()
      const expected = told.map((text) => world.named(text, 6))
      const compared = await compare(folder, index)
      assert.deepEqual(inShort(compared.told), expected)
      if (fields !== undefined) assert.deepEqual(compared.told[0]?.fields, fields)
      const repaired = await compare(folder, index, { repair })
      assert.deepEqual(inShort(repaired.told), expected)
      assert.deepEqual([repaired.repaired, left(repaired)], [1, 0])
    })
  }
})

test('an event that is in two indices of the stream is named as doubled, and once after the repair', {
  skip
}, async (t) => {
  const world = await indexed(t, events)
  const { folder, index, repair, client, names } = world
  await client.indices.rollover({ alias: names.events })
  const [, source] = await world.sourceOf(6)
  await client.index({
    index: names.events,
    id: events[6]?.event.id ?? '',
    op_type: 'create',
    document: source
  })
  await world.refresh()
  assert.deepEqual(inShort((await compare(folder, index)).told), [`event doubled ${events[6]?.event.id}`])
  assert.equal(left(await compare(folder, index, { repair })), 0)
  assert.equal((await client.count({ index: names.events })).count, events.length)
})

test('events that came through another server are fine if they are the same, and only then', {
  skip
}, async (t) => {
  const namespace = newNamespace()
  // The other one was first with the first ten, so that ours found them there.
  const other = await recorded(t, events.slice(0, 10))
  await fill(t, other, namespace)
  const world = await indexed(t, events, namespace)
  const { folder, index, repair } = world
  const compared = await compare(folder, index)
  assert.deepEqual(compared.told, [])
  assert.equal(compared.elsewhere, 10)
  const otherIndex = await openElasticsearchComparable({
    client: await clientOf(t),
    journalId: other.log,
    namespace
  })
  assert.deepEqual((await compare(other, otherIndex)).told, [])
  await world.changeEvent(4, (source) => ({ ...source, event: { ...source.event, hash: WRONG_HASH } }))
  await world.refresh()
  assert.deepEqual(inShort((await compare(folder, index)).told), [`event changed ${events[4]?.event.id}`])
  assert.equal(left(await compare(folder, index, { repair })), 0)
  assert.deepEqual((await compare(other, otherIndex)).told, [])
})

test('a document of a journal that never wrote here is named, and left alone', { skip }, async (t) => {
  const world = await indexed(t, events)
  await world.addEvent(6, 'made-up', 6, 'no journal')
  await world.refresh()
  for (const repair of [undefined, world.repair]) {
    const compared = await compare(world.folder, world.index, repair && { repair })
    assert.deepEqual(inShort(compared.told), ['event unclaimed made-up'])
    assert.equal(left(compared), 1)
  }
})

test('an event that is gone by the retention of the index is counted, and no difference', {
  skip
}, async (t) => {
  const world = await indexed(t, events)
  const { folder, index, client, namespace } = world
  await world.deleteEvent(6)
  await world.refresh()
  await setUp(client, { namespace, retention: '9000d' })
  assert.deepEqual(inShort((await compare(folder, index)).told), [`event missing ${events[6]?.event.id}`])
  await setUp(client, { namespace, retention: '1d' })
  const compared = await compare(folder, index)
  assert.deepEqual(compared.told, [])
  assert.deepEqual([compared.expired, compared.expiredRuns], [1, 3])
})

test('an index that lost everything is written again', { skip }, async (t) => {
  const world = await indexed(t, events)
  for (const at of events.keys()) await world.deleteEvent(at)
  await world.refresh()
  const compared = await compare(world.folder, world.index)
  assert.equal(compared.differences.missing, events.length)
  assert.equal(left(await compare(world.folder, world.index, { repair: world.repair })), 0)
})

const spoilt = (kinds: typeof ofEvents, places: readonly number[]) =>
  fc.uniqueArray(fc.tuple(fc.constantFrom(...Object.keys(kinds)), fc.constantFrom(...places)), {
    maxLength: 5,
    selector: ([, at]) => at
  })

// Whatever is spoilt, and however much at once: each thing is named, nothing else is, and a repair leaves nothing.
test('each of any mutations is named, and nothing else is', { skip }, async (t) => {
  // Of each result on web-2 there is but one.
  const counting = events.flatMap(({ event, host }, at) =>
    event.action === 'host.result' && host?.name === 'web-2' ? at : []
  )
  const world = await indexed(t, events)
  const places = [...events.keys()]
  await fc.assert(
    fc.asyncProperty(
      spoilt(ofEvents, places),
      spoilt(ofResults, counting),
      spoilt(ofRuns, [0, 1, 2]),
      async (...spoilings) => {
        const expected: string[] = []
        for (const [at, kinds] of [ofEvents, ofResults, ofRuns].entries()) {
          for (const [kind, place] of spoilings[at] ?? []) {
            const [spoil, told = []] = kinds[kind] ?? []
            await spoil?.(world, place)
            expected.push(...told.map((text) => world.named(text, place)))
          }
        }
        await world.refresh()
        const compared = await compare(world.folder, world.index)
        assert.deepEqual(inShort(compared.told), expected.sort())
        assert.equal(left(await compare(world.folder, world.index, { repair: world.repair })), 0)
      }
    ),
    { numRuns: 10 }
  )
})

// biome-ignore lint/suspicious/noExplicitAny: a test writes whatever it likes into a document
type Source = any

interface World {
  namespace: string
  folder: DataFolder
  index: ComparableIndex
  repair: IndexRepair
  client: Client
  names: ReturnType<typeof namesOf>
  keyOf(at: number): string
  named(text: string, at: number): string
  sourceOf(at: number): Promise<[index: string, source: Source]>
  deleteEvent(at: number): Promise<unknown>
  changeEvent(at: number, change: (source: Source) => Source): Promise<unknown>
  addEvent(at: number, id: string, record: number, log?: string): Promise<unknown>
  delete(index: string, id: string): Promise<unknown>
  change(index: string, id: string, change: (source: Source) => Source): Promise<unknown>
  copy(index: string, id: string, to: string): Promise<unknown>
  refresh(): Promise<unknown>
}

async function indexed(t: TestContext, of: readonly Event[], namespace = newNamespace()): Promise<World> {
  const folder = await recorded(t, of)
  await fill(t, folder, namespace)
  const client = await clientOf(t)
  const names = namesOf(1, namespace)
  const compared = { client, journalId: folder.log, namespace }
  const index = await openElasticsearchComparable(compared)
  const repair = await openElasticsearchRepair(compared)
  const { docs } = await allResults(client, names.results)
  const keyOf = (at: number): string => docs.get(of[at]?.event.id ?? '') ?? ''

  async function sourceOf(at: number): Promise<[string, Source]> {
    const id = of[at]?.event.id ?? ''
    for (const backing of await backingIndices(client, names.events)) {
      const { docs } = await client.mget<Source>({ index: backing, ids: [id] })
      const [doc] = docs
      if (doc !== undefined && 'found' in doc && doc.found) return [backing, doc._source]
    }
    throw new Error(`the index has no event ${id}`)
  }

  async function rewrite(
    place: { index: string; id: string },
    change: (source: Source) => Source
  ): Promise<unknown> {
    const { _source, _seq_no, _primary_term } = await client.get<Source>(place)
    const condition = { if_seq_no: _seq_no ?? 0, if_primary_term: _primary_term ?? 1 }
    return client.index({ ...place, ...condition, document: change(_source) })
  }

  return {
    ...{ namespace, folder, index, repair, client, names, keyOf, sourceOf },
    named: (text, at) =>
      text
        .replace('$', of[at]?.event.id ?? '')
        .replace('#', keyOf(at))
        .replace('@', runOf(at))
        .replace(/made-up-$/, `made-up-${at}`),
    async deleteEvent(at) {
      const [backing] = await sourceOf(at)
      return client.delete({ index: backing, id: of[at]?.event.id ?? '' })
    },
    async changeEvent(at, change) {
      const [backing] = await sourceOf(at)
      return rewrite({ index: backing, id: of[at]?.event.id ?? '' }, change)
    },
    async addEvent(at, id, record, log = folder.log) {
      const [, { playtrail, event, ...source }] = await sourceOf(at)
      const document = { ...source, event: { ...event, id }, playtrail: { ...playtrail, log, index: record } }
      return client.index({ index: names.events, id, op_type: 'create', document })
    },
    delete: (name, id) => client.delete({ index: name, id }),
    change: (name, id, change) => rewrite({ index: name, id }, change),
    async copy(name, id, to) {
      const { _source } = await client.get<Source>({ index: name, id })
      return client.index({ index: name, id: to, document: _source })
    },
    refresh: () => client.indices.refresh({ index: Object.values(names) })
  }
}

/** The key of each result, by the event it is made of. */
async function allResults(client: Client, index: string): Promise<{ docs: Map<string, string> }> {
  const { hits } = await client.search<Source>({ index, size: 5_000 })
  return { docs: new Map(hits.hits.map(({ _id, _source }) => [_source.event.id, _id ?? ''])) }
}

async function fill(t: TestContext, folder: DataFolder, namespace: string): Promise<void> {
  const store = await openStore(t, { journalId: folder.log, namespace })
  await indexInto(store, folder)
}

function runOf(at: number): string {
  return events[at]?.run?.id ?? ''
}

function other(at: number): string {
  return events[(at + 1) % 3]?.run?.id ?? ''
}
