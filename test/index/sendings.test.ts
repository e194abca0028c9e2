import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSendings } from '../../server/index/elasticsearch/sendings.ts'

// Batches are sent in the journal's order while the stream rolls over, and are done in any order; a server that
// takes over where the cursor stands looks for an event no later than in the index that it was first sent to.
test('what was sent before is looked for from the index on that it was first sent to', () => {
  const steps = fc.array(fc.constantFrom('send', 'send again', 'roll over', 'done'), { maxLength: 60 })
  fc.assert(
    fc.property(steps, fc.nat(5), (plan, end) => {
      const sendings = createSendings(end, '0')
      const sentTo: number[] = Array.from({ length: end }, () => 0)
      let [writeIndex, cursor, next] = [0, 0, 0]
      for (const step of plan) {
        if (step === 'roll over') writeIndex++
        if (step === 'done') {
          cursor = Math.min(cursor + 2, next)
          sendings.done(cursor)
        }
        if (step === 'send') next += 3
        if (step.startsWith('send')) {
          sendings.sending(next, String(writeIndex))
          for (let record = cursor; record < next; record++) sentTo[record] ??= writeIndex
        }
        const isKnown = (first: number, record: number): boolean =>
          record < cursor || Number(sendings.sentTo(record) ?? Infinity) <= first
        assert.ok(sentTo.every(isKnown))
        assert.equal(sendings.sentTo(Math.max(next, end)), undefined)
      }
    })
  )
})

test('an event that nobody has sent is not looked for', () => {
  const sendings = createSendings(0, '')
  assert.equal(sendings.sentTo(0), undefined)
  sendings.sending(3, 'a')
  assert.equal(sendings.sentTo(2), 'a')
  assert.equal(sendings.sentTo(3), undefined)
  sendings.done(3)
  assert.equal(sendings.sentTo(2), undefined)
})
