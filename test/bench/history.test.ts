import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '../../server/event-types.ts'
import { createValidator } from '../../server/receive/validate.ts'
import { history, historyOf } from './query/history.ts'

const EVENTS = 20_000

function sample(): Event[] {
  return [...history(historyOf(EVENTS), 1_000)].flat()
}

test('every event of a made-up history is one that the service takes', () => {
  const refuse = createValidator()
  for (const event of sample()) {
    const refusal = refuse(event)
    assert.equal(refusal, undefined, `${refusal?.problem.message} ${JSON.stringify(event)}`)
  }
})

test('a made-up history is the same each time', () => {
  assert.deepEqual(sample(), sample())
})

test('a made-up history has about as many events as were wanted, in the order of time', () => {
  const events = sample()
  assert.ok(Math.abs(events.length - EVENTS) < EVENTS / 5, `${events.length} events`)
  const times = events.map((event) => event['@timestamp'])
  assert.deepEqual(times, [...times].sort())
})

test('the events of a made-up run are numbered without gaps, and one of them says how it ended', () => {
  for (const [id, events] of Map.groupBy(sample(), ({ run }) => run?.id)) {
    const own = events.filter(({ event }) => event.provider === 'callback')
    assert.deepEqual(
      own.map(({ event }) => event.sequence).sort((a, b) => Number(a) - Number(b)),
      own.map((_, sequence) => sequence),
      `run ${id}`
    )
    const ends = events.filter(({ event }) => ['run.finished', 'run.aborted'].includes(event.action))
    assert.equal(ends.length, 1, `run ${id}`)
  }
})

test('a made-up history has results of every status, check runs and diffs', () => {
  const events = sample()
  const statuses = new Set(events.flatMap(({ ansible }) => ansible?.result?.status ?? []))
  assert.deepEqual([...statuses].sort(), ['changed', 'failed', 'ok', 'skipped', 'unreachable'])
  assert.ok(events.some(({ ansible }) => ansible?.cli?.check === true))
  assert.ok(events.some(({ ansible }) => ansible?.diff !== undefined))
})
