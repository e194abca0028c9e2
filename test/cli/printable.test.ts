import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { printable, printableBody, printableDiff, printableJson } from '../../server/cli/printable.ts'

const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\x1b',
      '[',
      ']',
      '0',
      ';',
      'm',
      'H',
      '\x07',
      '\x9b',
      '\x9d',
      '\r',
      '\n',
      '\t',
      '\u202e',
      '\u2028'
    ),
    fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit))
  )
})

test('no printable text holds a control character or a line end, whatever it was made from', () => {
  fc.assert(
    fc.property(hostile, (text) => assert.doesNotMatch(printable(text), /[\p{Cc}\p{Zl}\p{Zp}\u202e\u2066]/u))
  )
})

test('a printable text has nothing in it that a terminal would take for a command', () => {
  fc.assert(
    fc.property(hostile, (text) => assert.equal(stripVTControlCharacters(printable(text)), printable(text)))
  )
})

test('a printable body and a printable diff keep line ends and tabs, and no other control character', () => {
  for (const made of [printableBody, printableDiff]) {
    fc.assert(
      fc.property(hostile, (text) =>
        assert.doesNotMatch(made(text).replace(/[\n\t]/g, ''), /[\p{Cc}\u202e]/u)
      )
    )
  }
})

test('printable text stays as it is', () => {
  for (const text of ['Install nginx', 'Grüße an Jürgen', '更新する', 'C:\\Windows', '👩‍👩‍👧', 'می‌خواهم'])
    assert.equal(printable(text), text)
})

test('all that drives a terminal is shown, and only of what a command printed the colours are taken out', () => {
  assert.equal(printable('\x1b[1;31mred\x1b[0m'), '\\x1b[1;31mred\\x1b[0m')
  assert.equal(printableDiff('\x1b[1;31mred\x1b[0m'), '\\x1b[1;31mred\\x1b[0m')
  assert.equal(printableBody('\x1b[1;31mred\x1b[0m'), 'red')
  assert.equal(printable('\x1b[2Jgone'), '\\x1b[2Jgone')
  assert.equal(printable('\x1b]0;title\x07'), '\\x1b]0;title\\x07')
  assert.equal(printable('a\nb\rc\td'), 'a\\nb\\rc\\td')
  assert.equal(printable('\u202etxt.exe'), '\\u{202e}txt.exe')
})

test('taking a colour out does not put another sequence together', () => {
  assert.doesNotMatch(printableBody('\x1b\x1b[0m[2J'), /\p{Cc}/u)
})

test('a body with the line ends of Windows has those of everybody', () => {
  assert.equal(printableBody('a\r\nb\rc\td'), 'a\nb\\rc\td')
})

test('a diff shows the line ends of Windows, which may be all that changed', () => {
  assert.equal(printableDiff('-a\r\n+a\n'), '-a\\r\n+a\n')
})

test('printable JSON is the same value, on one line, and without control characters', () => {
  fc.assert(
    fc.property(hostile, fc.jsonValue(), (text, value) => {
      const json = printableJson({ text, value })
      assert.doesNotMatch(json, /[\p{Cc}\p{Zl}\p{Zp}\u202e]/u)
      assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify({ text, value })))
    })
  )
})
