import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { examine } from '../../server/completeness/examine.ts'
import type { Event } from '../../server/event-types.ts'
import { limits } from '../../server/limits.ts'
import { runOfEvents } from '../index/fixtures.ts'

import { cleanRun, found, HOUR_MS, iso, NOW, PERIOD, reasonsOf, refusedLine, START } from './examined.ts'

test('a conflict of the time is told also where its run is of another one, or where there is none', async (t) => {
  const old = runOfEvents(START - 48 * HOUR_MS)
  const conflict = (id: string, more: object = {}): Event => ({
    '@timestamp': new Date(START).toISOString(),
    event: { id: `server:${id}`, action: 'event.conflict', dataset: 'playtrail.service', provider: 'server' },
    conflict: {
      ...{ event_id: id, sender: 'mallory', hash: '00' },
      ...{ kept_index: 0, kept_sender: 'ansible', kept_hash: '11' },
      ...more
    }
  })
  const { answer } = await found(t, {
    events: [conflict(`${old.id}:4`), conflict(`${old.id}:5`), conflict('server:x')],
    refused: [
      { code: 'event_conflict', message: `event.id "${old.id}:9" was acknowledged before with other content` }
    ]
  })
  assert.deepEqual(answer.flaws, [
    {
      ...{ kind: 'doubled', run: { id: old.id }, count: 'run', events: 3 },
      ranges: [
        { first: 4, last: 5 },
        { first: 9, last: 9 }
      ]
    },
    { kind: 'doubled', events: 1, since: new Date(START).toISOString(), message: 'server:x' }
  ])
  // Somebody tries again what was refused in that time, long after it.
  const message = `event.id "${old.id}:4" was acknowledged before with other content`
  const again = await found(t, {
    events: [conflict(`${old.id}:4`)],
    refused: [{ code: 'event_conflict', message, received: iso(NOW) }]
  })
  assert.equal(again.answer.flaw_counts.doubled, 1)
  // Another server has what was only counted.
  const counted = await found(t, {
    events: [...cleanRun(), conflict(`${old.id}:4`, { suppressed: 3 })],
    log: 'another journal'
  })
  assert.deepEqual(reasonsOf(counted.answer), ['conflicts_not_told'])
  assert.equal(counted.answer.verdict, 'incomplete')
})

test('ids that were only counted are not told where the quarantine begins within their minute', async (t) => {
  const { of } = await found(t, {
    events: [
      ...cleanRun(),
      {
        '@timestamp': iso(START),
        event: { id: 'server:1', action: 'event.conflict', dataset: 'playtrail.service', provider: 'server' },
        conflict: {
          ...{ event_id: `${runOfEvents(START).id}:1`, sender: 'mallory', hash: '00', suppressed: 3 },
          ...{ kept_index: 0, kept_sender: 'ansible', kept_hash: '11' }
        }
      }
    ]
  })
  rmSync(join(of.quarantine, '000000000000.ndjson'), { force: true })
  const reasons = async (keptSinceMs: number) => {
    const line = JSON.stringify(refusedLine({ received: iso(keptSinceMs) }))
    writeFileSync(join(of.quarantine, '000000000009.ndjson'), `${line}\n`)
    return reasonsOf(await examine(of, PERIOD, new AbortController().signal))
  }
  assert.deepEqual(await reasons(START - 30_000), ['quarantine_expired', 'conflicts_not_told'])
  assert.deepEqual(await reasons(START - 61_000), ['quarantine_expired'])
})

test('of a run of another time no more ranges of conflicts are told than of one of this time', async (t) => {
  const old = runOfEvents(START - 48 * HOUR_MS)
  const numbers = Array.from({ length: limits.completenessFlawRangesMax + 2 }, (_, at) => 2 * at)
  const refused = numbers.map((number) => ({
    code: 'event_conflict' as const,
    message: `event.id "${old.id}:${number}" was acknowledged before with other content`
  }))
  const { answer } = await found(t, { refused })
  const [flaw] = answer.flaws
  assert.deepEqual(
    [flaw?.events, flaw?.ranges?.length, flaw?.ranges_more],
    [numbers.length, limits.completenessFlawRangesMax, 2]
  )
})

test('what a sender says that it dropped is told by its numbers, however few it says there are', async (t) => {
  const run = runOfEvents(START)
  const started = run.started()
  for (let lost = 0; lost < 3; lost++) run.result('web-1', 'ok')
  const ended = run.finished('success')
  const dropped: Event = {
    '@timestamp': iso(START),
    event: { id: `${run.id}:s0`, sequence: 0, action: 'spool.dropped', dataset: 'ansible.run' },
    run: { id: run.id },
    spool: { reason: 'size', events: 0, bytes: 0, sequences: ['1-2', '3-3', '9-4'] }
  }
  const { answer } = await found(t, { events: [started, ended, dropped] })
  assert.equal(answer.verdict, 'incomplete')
  const [flaw] = answer.flaws
  assert.deepEqual([flaw?.kind, flaw?.events, flaw?.ranges], ['dropped', 3, [{ first: 1, last: 3 }]])
})
