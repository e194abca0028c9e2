import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { durationText, localIso, relativeTime, shortDuration, shortTime } from '../../server/cli/time.ts'

// Local time, as what is shown is local: these tests hold in every time zone.
const now = new Date(2026, 10, 5, 14, 30, 0)

test('a time is told as people say it', () => {
  const told: [Date, string][] = [
    [new Date(2026, 10, 5, 14, 30, 0), 'just now'],
    [new Date(2026, 10, 5, 14, 29, 59), '1 second ago'],
    [new Date(2026, 10, 5, 14, 29, 15), '45 seconds ago'],
    [new Date(2026, 10, 5, 14, 27, 0), '3 minutes ago'],
    [new Date(2026, 10, 5, 13, 30, 0), 'today 13:30'],
    [new Date(2026, 10, 4, 14, 2, 0), 'yesterday 14:02'],
    [new Date(2026, 10, 2, 14, 2, 0), 'Monday 14:02'],
    [new Date(2026, 9, 29, 14, 2, 0), '29 Oct 14:02'],
    [new Date(2025, 10, 5, 14, 2, 0), '2025-11-05 14:02']
  ]
  for (const [time, text] of told) assert.equal(relativeTime(time, now), text)
})

test('where there is no room, a time is told in few characters, and a duration without blanks', () => {
  const told: [Date, string][] = [
    [new Date(2026, 10, 5, 14, 29, 15), '45 s ago'],
    [new Date(2026, 10, 5, 14, 27, 0), '3 min ago'],
    [new Date(2026, 10, 5, 9, 30, 0), '09:30'],
    [new Date(2026, 10, 4, 14, 2, 0), 'Wed 14:02'],
    [new Date(2026, 9, 29, 14, 2, 0), '29 Oct'],
    [new Date(2025, 10, 5, 14, 2, 0), '2025-11-05'],
    [new Date(2026, 10, 5, 14, 31), '2026-11-05'],
    [new Date('nonsense'), 'unknown']
  ]
  for (const [time, text] of told) assert.equal(shortTime(time, now), text)
  for (const [text, short] of [
    ['250 ms', '250ms'],
    ['1.5 s', '1.5s'],
    ['2 min 3 s', '2m 3s'],
    ['2 d 3 h', '2d 3h']
  ] as const)
    assert.equal(shortDuration(text), short)
})

test('yesterday is the day before, also when it is only minutes past midnight', () => {
  assert.equal(relativeTime(new Date(2026, 10, 4, 22, 0), new Date(2026, 10, 5, 0, 5)), 'yesterday 22:00')
})

test('a time in the future, as of a controller whose clock is fast, is told by its date', () => {
  assert.equal(relativeTime(new Date(2026, 10, 5, 14, 31), now), '2026-11-05 14:31')
  assert.equal(relativeTime(new Date(2026, 10, 6, 9, 0), now), '2026-11-06 09:00')
})

test('what is no time is unknown', () => {
  assert.equal(relativeTime(new Date('nonsense'), now), 'unknown')
  assert.equal(localIso(new Date('nonsense')), 'unknown')
})

test('a duration has the units that fit it, also where rounding reaches the next one', () => {
  const told: [number, string][] = [
    [0, '0 ms'],
    [1, '< 1 ms'],
    [250e6, '250 ms'],
    [999.4e6, '999 ms'],
    [999.6e6, '1.0 s'],
    [1.5e9, '1.5 s'],
    [59.96e9, '1 min'],
    [123e9, '2 min 3 s'],
    [3_599.7e9, '1 h'],
    [3_840e9, '1 h 4 min'],
    [183_600e9, '2 d 3 h']
  ]
  for (const [nanoseconds, text] of told) assert.equal(durationText(nanoseconds), text)
})

test('local ISO names the same moment, to the millisecond', () => {
  const time = fc.date({ min: new Date('1971-01-01'), max: new Date('9000-01-01'), noInvalidDate: true })
  fc.assert(fc.property(time, (moment) => assert.equal(Date.parse(localIso(moment)), moment.getTime())))
})
