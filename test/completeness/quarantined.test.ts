import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { examine } from '../../server/completeness/examine.ts'

import { cleanRun, found, HOUR_MS, NOW, PERIOD, reasonsOf, refusedLine, START } from './examined.ts'

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

test('a quarantine that has lost its oldest file proves nothing of the time before', async (t) => {
  const { of } = await found(t, { events: cleanRun() })
  const file = join(of.quarantine, '000000000009.ndjson')
  const line = (received: string) => `${JSON.stringify(refusedLine({ received }))}\n`
  const ask = () => examine(of, PERIOD, new AbortController().signal)
  // Nothing is left of file 0; a line that a crash has torn is none.
  writeFileSync(join(of.quarantine, '000000000000.ndjson'), '')
  writeFileSync(file, `{"torn":\n${line(new Date(NOW).toISOString())}`)
  assert.equal((await ask()).verdict, 'complete')
  rmSync(join(of.quarantine, '000000000000.ndjson'))
  assert.deepEqual(reasonsOf(await ask()), ['quarantine_expired'])
  assert.equal((await ask()).verdict, 'unchecked')
  writeFileSync(file, line(new Date(PERIOD.fromMs - 1).toISOString()))
  assert.equal((await ask()).verdict, 'complete')
})
