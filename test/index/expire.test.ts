import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import type { Event } from '../../server/event-types.ts'
import { openSqliteComparable } from '../../server/index/sqlite/comparable.ts'
import { openExpire } from '../../server/index/sqlite/expire.ts'
import { openSqliteRepair } from '../../server/index/sqlite/repair.ts'
import { openToWrite } from '../../server/index/sqlite/schema.ts'
import { openSqliteStore } from '../../server/index/sqlite/store.ts'
import { openWriter } from '../../server/index/sqlite/writer.ts'
import type { Kept } from '../../server/index/store.ts'
import { batchOf, JOURNAL_ID, runId, runOfEvents } from './fixtures.ts'
import { compare, eventsOfRuns, indexInto, left, recorded, START } from './reconcile-world.ts'
import { rollUpsOf } from './roll-ups.ts'

const folder = mkdtempSync(join(tmpdir(), 'playtrail-expire-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0
const newPath = (): string => join(folder, `index-${files++}.sqlite`)

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

interface Draft {
  run: number
  hours: number
  host: string
  status: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable'
  key: string
  isChecked: boolean
  attempts: number
  duration: number
}

const drafts = fc.array(
  fc.record({
    run: fc.nat(4),
    // Runs overlap, and several events are of the same time.
    hours: fc.constantFrom(0, 0, 1, 23, 24, 167, 168, 169),
    host: fc.constantFrom('web-1', 'web-2'),
    status: fc.constantFrom('ok' as const, 'changed', 'failed', 'skipped', 'unreachable'),
    key: fc.constantFrom('a'.repeat(40), 'b'.repeat(40)),
    isChecked: fc.boolean(),
    attempts: fc.constantFrom(1, 2),
    duration: fc.nat(5_000_000_000)
  }),
  { minLength: 1, maxLength: 40 }
)

// At every step the index is what it would be if the events that are left were all there ever was.
test('what is left after any steps sums up as if nothing else had ever been there', () => {
  fc.assert(
    fc.property(
      drafts,
      fc.integer({ min: 1, max: 7 }),
      fc.constantFrom<Kept>({ runsMax: 2 }, { fromMs: START + 2 * DAY_MS }, { runsMax: 1, fromMs: START }),
      (journal, eventsMax, kept) => {
        const path = newPath()
        const db = openToWrite(path, JOURNAL_ID)
        openWriter(db).write(batchOf(eventsOf(journal)))
        const expireSome = openExpire(db, eventsMax)
        for (let isMore = true; isMore; ) {
          isMore = expireSome(kept).isMore
          assert.deepEqual(rollUpsOf(path), rollUpsOf(copyOfEvents(db)))
        }
        const ids = db.prepare<[], string>('SELECT id FROM runs ORDER BY id DESC').pluck().all()
        const expected = [...new Set(eventsOf(journal).flatMap(({ run }) => run?.id ?? []))]
          .sort()
          .reverse()
          .filter((id, at) => at < (kept.runsMax ?? 9) && id >= runId(kept.fromMs ?? 0).slice(0, 13))
        assert.deepEqual(ids, expected)
        for (const table of ['results', 'tasks']) {
          const loose = `SELECT count(*) FROM ${table} WHERE run NOT IN (SELECT key FROM runs)`
          assert.equal(db.prepare(loose).pluck().get(), 0, table)
        }
        assert.equal(
          db
            .prepare('SELECT count(*) FROM run_hosts WHERE run_id NOT IN (SELECT id FROM runs)')
            .pluck()
            .get(),
          0
        )
        db.close()
      }
    ),
    { numRuns: 25 }
  )
})

test('a run that goes on stays, however old it is', async (t) => {
  const store = await openSqliteStore(optionsOf(newPath()))
  t.after(() => store.close())
  const [old, young] = [runOfEvents(START), runOfEvents(START + DAY_MS, { which: 1 })]
  await store.write(batchOf([old.started(), old.result('web-1', 'ok'), young.started(), young.aborted()]))
  const kept = { fromMs: START + 2 * DAY_MS, runsMax: 1 }
  let removed = 0
  for (let isMore = true; isMore; ) {
    const step = await store.expireSome?.(kept)
    assert.ok(step)
    isMore = step.isMore
    removed += step.runs
  }
  assert.equal(removed, 1)
  const { items } = await store.runs({ limit: 10 })
  assert.deepEqual(
    items.map(({ run, playtrail }) => [run.id, playtrail.events]),
    [[old.id, 2]]
  )
})

test('events without a run go by their time', async (t) => {
  const store = await openSqliteStore(optionsOf(newPath()))
  t.after(() => store.close())
  const loose = [0, 1].map((day) => {
    const { run: _run, ...event } = runOfEvents(START + day * DAY_MS, { which: day }).next('spool.dropped')
    return event
  })
  await store.write(batchOf(loose))
  assert.deepEqual(await store.expireSome?.({ fromMs: START + 1 }), { events: 1, runs: 0, isMore: true })
  assert.deepEqual(await store.expireSome?.({ fromMs: START + 1 }), { events: 0, runs: 0, isMore: false })
  const { items } = await store.events({ order: 'asc', limit: 10 })
  assert.deepEqual(
    items.map(({ event }) => event.id),
    [loose[1]?.event.id]
  )
})

test('a comparison calls what was removed expired, also in the midst of it, and no repair brings it back', async (t) => {
  const events = eventsOfRuns(3)
  const data = await recorded(t, events)
  const store = await openSqliteStore({ ...optionsOf(data.index), journalId: data.log })
  await indexInto(store, data)
  await store.close()
  const db = new Database(data.index)
  const expireSome = openExpire(db, 4)
  const index = openSqliteComparable(data.index, data.log)
  const repair = openSqliteRepair(data.index, data.log)
  t.after(() => {
    repair.close()
    db.close()
    return index.close()
  })
  const counts: number[] = []
  for (let isMore = true; isMore; ) {
    isMore = expireSome({ runsMax: 2 }).isMore
    const compared = await compare(data, index, { repair })
    assert.equal(left(compared), 0)
    assert.deepEqual(compared.told, [])
    counts.push(compared.expired)
  }
  assert.equal(counts.at(-1), events.length / 3)
  db.exec('DELETE FROM events WHERE record = (SELECT max(record) FROM events)')
  const { told } = await compare(data, index)
  assert.deepEqual(
    told.map(({ document, kind }) => `${document} ${kind}`),
    ['event missing'],
    'what is missing among those that are kept is missing'
  )
})

function eventsOf(journal: readonly Draft[]): Event[] {
  const runs = [0, 1, 2, 3, 4].map((which) => runOfEvents(START + which * DAY_MS, { which }))
  const results = journal.flatMap((draft, at) => {
    const event = runs[draft.run]?.result(draft.host, draft.status, `task ${at}`)
    if (event === undefined) return []
    const task = {
      id: `task ${at}`,
      name: 'install',
      key: draft.key,
      ...(draft.isChecked && { check_mode: true })
    }
    return [
      {
        ...event,
        '@timestamp': new Date(START + draft.hours * HOUR_MS).toISOString(),
        event: { ...event.event, duration: draft.duration },
        ansible: { ...event.ansible, task, result: { status: draft.status, attempts: draft.attempts } }
      }
    ]
  })
  const used = runs.filter(({ id }) => results.some(({ run }) => run?.id === id))
  return [...results, ...used.map((run) => run.finished('success'))]
}

/** An index of what is left. */
function copyOfEvents(db: Database.Database): string {
  const path = newPath()
  const copy = openToWrite(path, JOURNAL_ID)
  const writer = openWriter(copy)
  const rows = db
    .prepare<[], { record: number; payload: Buffer }>('SELECT record, payload FROM events ORDER BY record')
    .all()
  for (const { record, payload } of rows)
    writer.write(batchOf([JSON.parse(payload.toString()) as Event], record))
  copy.close()
  return path
}

function optionsOf(path: string) {
  return { path, journalId: JOURNAL_ID, journalEnd: 1_000, log: { warn: () => undefined } }
}
