import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Event } from '../../server/event-types.ts'
import { columnsOf } from '../../server/index/columns.ts'
import {
  addChanges,
  emptyFold,
  placeOf,
  type RunChange,
  runOf,
  sourceOf
} from '../../server/index/elasticsearch/run-fold.ts'
import { recordsOf } from '../../server/journal/record.ts'
import { batchOf, runOfEvents } from './fixtures.ts'
import { modelRuns } from './model.ts'

const START = Date.UTC(2026, 10, 5, 9, 30)
const LOGS = ['6f1c2a34-5b1e-4d5c-9a6b-0c1d2e3f4a5b', '7f1c2a34-5b1e-4d5c-9a6b-0c1d2e3f4a5b']
const steps = ['started', 'result', 'finished', 'aborted', 'silent', 'heartbeat'] as const

const plans = fc.array(
  fc.record({ step: fc.constantFrom(...steps), log: fc.nat(1), heardUntil: fc.nat(20) }),
  { minLength: 1, maxLength: 20 }
)

// The requirement of a run that is told by two servers at once, each of which may end and begin again anywhere.
test('changes of two journals, in any order, split and repeated, end in the same run', () => {
  fc.assert(
    fc.property(
      plans,
      fc.infiniteStream(fc.nat(1_000)),
      fc.array(fc.nat(19), { maxLength: 20 }),
      (plan, draws, again) => {
        const changes = changesOf(plan)
        const expected = emptyFold(changes[0]?.runId ?? '')
        addChanges(expected, changes)

        const shuffled = changes
          .map((change): [number, RunChange] => [draws.next().value ?? 0, change])
          .sort(([one], [other]) => one - other)
          .map(([, change]) => change)
        const repeated = [...shuffled, ...again.flatMap((at) => changes[at] ?? [])]
        let fold = emptyFold(changes[0]?.runId ?? '')
        while (repeated.length > 0) {
          addChanges(fold, repeated.splice(0, 1 + ((draws.next().value ?? 0) % 5)))
          // As it comes back from the index.
          fold = JSON.parse(JSON.stringify(fold))
        }
        assert.deepEqual(plain(fold), plain(expected))
        assert.deepEqual(JSON.parse(JSON.stringify(sourceOf(fold).playtrail.heard_by)), expected.heard_by)
        assert.equal(addChanges(fold, changes), false)
      }
    )
  )
})

test('a run that is told through one journal counts as looking at each event does', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const events = eventsOf(plan)
      const fold = emptyFold(events[0]?.run?.id ?? '')
      addChanges(fold, changesOf(plan.map((one) => ({ ...one, log: 0 }))))
      const { run, user, playtrail } = runOf(fold)
      const [expected] = modelRuns(events, {}, 0)
      assert.deepEqual(
        {
          status: run.status,
          name: run.name,
          user: user?.name,
          events: playtrail.events,
          silences: playtrail.silences
        },
        {
          ...{ status: expected?.status, name: expected?.name, user: expected?.user },
          ...{ events: expected?.events, silences: expected?.silences }
        }
      )
    })
  )
})

type Plan = { step: (typeof steps)[number]; log: number; heardUntil: number }[]

function eventsOf(plan: Plan): Event[] {
  const run = runOfEvents(START)
  return plan.map(({ step, heardUntil }, at) => {
    if (step === 'started') return run.started({ labels: { at: `${at}` } })
    if (step === 'result') return run.result(`web-${at % 3}`, 'ok', `task-${at}`)
    if (step === 'finished') return run.finished(at % 2 === 0 ? 'changed' : 'failed')
    if (step === 'aborted') return run.aborted()
    return step === 'silent' ? run.fellSilent(heardUntil) : run.next('run.heartbeat')
  })
}

/** Each journal counts its own records. */
function changesOf(plan: Plan): RunChange[] {
  const records = [...recordsOf(batchOf(eventsOf(plan)))]
  return records.map((record) => {
    const columns = columnsOf(record)
    if (typeof columns === 'string') throw new Error(columns)
    const log = LOGS[plan[record.index]?.log ?? 0] ?? ''
    const { eventId, receivedAt } = record
    const isTelling = ['run.started', 'run.finished', 'run.aborted'].includes(columns.action ?? '')
    return {
      ...{ runId: columns.runId ?? '', eventId, log, columns, received: receivedAt },
      place: placeOf(receivedAt, log, record.index),
      event: isTelling ? (JSON.parse(record.payload.toString()) as Event) : undefined
    }
  })
}

function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value))
}
