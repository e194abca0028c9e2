import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseSpan, parseTime } from '../../server/ask/time.ts'

/** A Thursday. */
const NOW = Date.parse('2026-11-05T12:34:56.789Z')

const moments = {
  '2026-11-05T09:30:00Z': '2026-11-05T09:30:00.000Z',
  '2026-11-05T09:30:00.5Z': '2026-11-05T09:30:00.500Z',
  '2026-11-05T09:30:00+01:30': '2026-11-05T08:00:00.000Z',
  '2026-11-05T23:30:00-01:00': '2026-11-06T00:30:00.000Z',
  '2026-11-05': '2026-11-05T00:00:00.000Z',
  '2024-02-29': '2024-02-29T00:00:00.000Z',
  now: '2026-11-05T12:34:56.789Z',
  'now-7d': '2026-10-29T12:34:56.789Z',
  'now+d': '2026-11-06T12:34:56.789Z',
  'now-90s': '2026-11-05T12:33:26.789Z',
  'now/s': '2026-11-05T12:34:56.000Z',
  'now/m': '2026-11-05T12:34:00.000Z',
  'now/h': '2026-11-05T12:00:00.000Z',
  'now/H': '2026-11-05T12:00:00.000Z',
  'now/d': '2026-11-05T00:00:00.000Z',
  'now/w': '2026-11-02T00:00:00.000Z',
  'now/M': '2026-11-01T00:00:00.000Z',
  'now/y': '2026-01-01T00:00:00.000Z',
  'now-1d/d': '2026-11-04T00:00:00.000Z',
  'now/d+8h-30m': '2026-11-05T07:30:00.000Z',
  '2026-11-05||': '2026-11-05T00:00:00.000Z',
  '2026-11-05||+1d': '2026-11-06T00:00:00.000Z',
  '2026-11-05T09:30:00Z||/M': '2026-11-01T00:00:00.000Z',
  '2026-01-31||+1M': '2026-02-28T00:00:00.000Z',
  '2024-01-31T08:00:00Z||+1M': '2024-02-29T08:00:00.000Z',
  '2026-03-31||-1M': '2026-02-28T00:00:00.000Z',
  '2024-02-29||+1y': '2025-02-28T00:00:00.000Z',
  '2026-12-15||+1M': '2027-01-15T00:00:00.000Z',
  '2026-01-15||-13M': '2024-12-15T00:00:00.000Z',
  '1969-12-31||/w': '1969-12-29T00:00:00.000Z'
}

for (const [text, expected] of Object.entries(moments)) {
  test(`${text} is ${expected}`, () => {
    assert.equal(new Date(parseTime(text, NOW) ?? Number.NaN).toISOString(), expected)
  })
}

const mistakes = [
  '',
  'yesterday',
  'now-',
  'now-7',
  'now-7x',
  'now 7d',
  'now-7d ',
  'now||-7d',
  '2026-11',
  '2026-02-30',
  '2026-13-01',
  '2026-11-05-1d',
  '2026-11-05T09:30:00',
  '2026-11-05T09:30Z',
  '2026-11-05T24:00:00Z',
  '2026-11-05T09:30:60Z',
  '2026-11-05T09:30:00+25:00',
  '2026-11-05T09:30:00 01:00',
  '2026-11-05||||+1d',
  '||+1d',
  'now+99999999999y',
  '1762335000000'
]

for (const text of mistakes) {
  test(`"${text}" is no time`, () => assert.equal(parseTime(text, NOW), undefined))
}

const spans = {
  '2026-11-05': ['2026-11-05T00:00:00.000', '2026-11-05T23:59:59.999'],
  '2026-11-05||/M': ['2026-11-01T00:00:00.000', '2026-11-30T23:59:59.999'],
  '2026-11-05T09:30:00Z': ['2026-11-05T09:30:00.000', '2026-11-05T09:30:00.999'],
  '2026-01-30||+1M': ['2026-02-28T00:00:00.000', '2026-02-28T23:59:59.999'],
  'now/d': ['2026-11-05T00:00:00.000', '2026-11-05T23:59:59.999'],
  'now/w': ['2026-11-02T00:00:00.000', '2026-11-08T23:59:59.999'],
  'now/d+1h': ['2026-11-05T01:00:00.000', '2026-11-06T00:59:59.999']
}

test('what is left out of a time, or rounded off, makes it a span up to its last microsecond', () => {
  for (const [text, [first, last]] of Object.entries(spans)) {
    const expected = { first: Date.parse(`${first}Z`) * 1000, last: Date.parse(`${last}Z`) * 1000 + 999 }
    assert.deepEqual(parseSpan(text, NOW), expected, text)
  }
})

test('a time with a fraction, and now, are one microsecond', () => {
  for (const text of ['2026-11-05T09:30:00.123456Z', '2026-11-05T09:30:00.1Z', 'now', 'now-90s']) {
    const { first, last } = parseSpan(text, NOW) ?? { first: 0, last: 1 }
    assert.equal(first, last, text)
  }
  assert.equal(parseSpan('yesterday', NOW), undefined)
})

test('microseconds count, and finer digits do not', () => {
  assert.equal(parseTime('2026-11-05T12:34:56.789123999Z', 0), NOW + 0.123)
})

test('every time that Date can write is read as it was written', () => {
  const date = fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true
  })
  fc.assert(fc.property(date, (any) => assert.equal(parseTime(any.toISOString(), 0), any.getTime())))
})

test('a beginning is not after the time, has nothing before it within its unit, and stays itself', () => {
  const unit = fc.constantFrom('y', 'M', 'w', 'd', 'h', 'm', 's')
  const ms = fc.integer({ min: Date.UTC(1900, 0), max: Date.UTC(2100, 0) })
  fc.assert(
    fc.property(ms, unit, (now, each) => {
      const start = parseTime(`now/${each}`, now) ?? Number.NaN
      assert.ok(start <= now)
      assert.ok(now < (parseTime(`now+1${each}`, start) ?? Number.NaN))
      assert.equal(parseTime(`now/${each}`, start), start)
    })
  )
})

test('any text is a time or none, and never an error', () => {
  const likely = fc.stringMatching(/^(now|2026-1[0-9]-[0-3][0-9])?(\|\|)?([-+/][0-9]{0,3}[yMwdhmsx]){0,3}$/)
  fc.assert(
    fc.property(fc.oneof(fc.string(), likely), (text) => {
      const ms = parseTime(text, NOW)
      assert.ok(ms === undefined || Number.isFinite(ms))
    })
  )
})
