import assert from 'node:assert/strict'
import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { examine } from '../../server/completeness/examine.ts'

import { cleanRun, found, HOUR_MS, iso, NOW, PERIOD, reasonsOf, refusedLine, START } from './examined.ts'

test('what was refused in the time is told by sender and reason', async (t) => {
  const before = new Date(START - 2 * HOUR_MS).toISOString()
  const later = new Date(START + 1_000).toISOString()
  const { answer } = await found(t, {
    events: cleanRun(),
    refused: [
      { received: before },
      {},
      { received: later },
      { sender: 'other', code: 'json_invalid', message: 'It is no JSON.' }
    ]
  })
  assert.equal(answer.verdict, 'incomplete')
  assert.deepEqual(answer.flaws, [
    {
      ...{ kind: 'quarantined', sender: 'ansible', code: 'event_invalid', events: 2 },
      ...{ since: new Date(START).toISOString(), until: later, message: 'It is not valid.' }
    },
    {
      ...{ kind: 'quarantined', sender: 'other', code: 'json_invalid', events: 1 },
      ...{ since: new Date(START).toISOString(), until: new Date(START).toISOString() },
      message: 'It is no JSON.'
    }
  ])
})

const lineOf = (receivedMs: number) => `${JSON.stringify(refusedLine({ received: iso(receivedMs) }))}\n`

test('a quarantine that has lost a file proves nothing of the time before', async (t) => {
  const { of } = await found(t, { events: cleanRun() })
  const file = (number: number) => join(of.quarantine, `${number}`.padStart(12, '0').concat('.ndjson'))
  const ask = () => examine(of, PERIOD, new AbortController().signal)
  for (const number of [0, 1, 2]) writeFileSync(file(number), lineOf(NOW))
  assert.equal((await ask()).verdict, 'complete')
  rmSync(file(1))
  assert.deepEqual(reasonsOf(await ask()), ['quarantine_expired'])
  rmSync(file(0))
  assert.deepEqual(reasonsOf(await ask()), ['quarantine_expired'])
  assert.equal((await ask()).verdict, 'unchecked')
  writeFileSync(file(2), lineOf(PERIOD.fromMs - 1))
  assert.equal((await ask()).verdict, 'complete')
  // Nothing tells since when it is kept.
  writeFileSync(file(2), '')
  assert.deepEqual(reasonsOf(await ask()), ['quarantine_expired'])
})

test('a file of the quarantine that goes while it is read is lost, too', async (t) => {
  const { of } = await found(t, { events: cleanRun() })
  // It is listed, and is not there when it is opened.
  symlinkSync(join(of.quarantine, 'gone'), join(of.quarantine, '000000000000.ndjson'))
  writeFileSync(join(of.quarantine, '000000000001.ndjson'), lineOf(NOW))
  const answer = await examine(of, PERIOD, new AbortController().signal)
  assert.deepEqual(reasonsOf(answer), ['quarantine_expired'])
})

test('a line of the quarantine that cannot be read proves nothing, unless it is older than the time', async (t) => {
  const { of } = await found(t, { events: cleanRun() })
  const reasons = async (...parts: string[]) => {
    writeFileSync(join(of.quarantine, '000000000000.ndjson'), parts.join(''))
    return reasonsOf(await examine(of, PERIOD, new AbortController().signal))
  }
  const [before, after] = [lineOf(PERIOD.fromMs - 1), lineOf(NOW)]
  assert.deepEqual(await reasons(before, '{"torn":\n', after), ['quarantine_unreadable'])
  assert.deepEqual(await reasons(before, '{"torn":\n'), ['quarantine_unreadable'])
  assert.deepEqual(await reasons(before, 'null\n', after), ['quarantine_unreadable'])
  assert.deepEqual(await reasons('{"torn":\n', before, after), [])
  // It is being written: nobody was answered.
  assert.deepEqual(await reasons(before, after, '{"torn":'), [])
})
