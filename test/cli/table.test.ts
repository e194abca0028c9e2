import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { paintFor } from '../../server/cli/style.ts'
import { createTable } from '../../server/cli/table.ts'

const paint = paintFor({ write: () => true, on: () => undefined }, {})
const columns = [{ title: 'NAME', isFlexible: true }, { title: 'WHAT', isFlexible: true }, { title: 'ID' }]
const row = fc.tuple(fc.string(), fc.string({ unit: 'binary' }), fc.string({ maxLength: 10, minLength: 10 }))

test('no line is wider than the terminal, as long as the terminal is not narrower than the titles', () => {
  fc.assert(
    fc.property(fc.array(row), fc.integer({ min: 90, max: 300 }), (rows, width) => {
      const lines = createTable({ columns, width, paint })(rows).split('\n')
      for (const line of lines) assert.ok(Array.from(line).length <= width, JSON.stringify(line))
    })
  )
})

test('every row is one line, whatever its cells hold', () => {
  fc.assert(
    fc.property(
      fc.array(row),
      fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
      (rows, width) => {
        assert.equal(createTable({ columns, width, paint })(rows).split('\n').length, rows.length + 2)
      }
    )
  )
})

test('without a terminal nothing is cut, and no line ends in a blank', () => {
  const long = 'x'.repeat(500)
  const text = createTable({ columns, width: undefined, paint })([
    [long, 'b', ''],
    ['a', 'b', 'c']
  ])
  assert.ok(text.includes(long))
  assert.doesNotMatch(text, / \n/)
  const last = text.split('\n').at(-2) ?? ''
  assert.ok(last.length < 100, 'one long cell does not pad the other lines without end')
})

test('the widest column gives way first, with a sign that something is missing', () => {
  const text = createTable({ columns, width: 40, paint })([['short', 'y'.repeat(100), 'kept-whole']])
  assert.equal(text, `NAME   WHAT                   ID\nshort  ${'y'.repeat(20)}…  kept-whole\n`)
})

test('short forms stand in where the others do not fit, and only there', () => {
  const short = [{ title: 'LONG TITLE', short: 'LT' }, { title: 'ID' }]
  const rows = [
    [
      [
        { text: '3 minutes ago', short: '3 min' },
        { text: '@host', short: '' }
      ],
      'kept'
    ]
  ]
  const wide = createTable({ columns: short, width: 24, paint })(rows)
  assert.equal(wide, 'LONG TITLE          ID\n3 minutes ago@host  kept\n')
  assert.equal(createTable({ columns: short, width: 23, paint })(rows), 'LT     ID\n3 min  kept\n')
  assert.equal(createTable({ columns: short, width: undefined, paint })(rows), wide)
})

test('the titles stand above the first rows only, and later rows keep the widths', () => {
  const table = createTable({ columns, width: 80, paint })
  assert.equal(table([['aaaaaa', 'b', 'c']]), 'NAME    WHAT  ID\naaaaaa  b     c\n')
  assert.equal(table([['a', 'b', 'c']]), 'a       b     c\n')
})

test('a cut cell never ends in half a character', () => {
  const text = createTable({ columns, width: 30, paint })([['😀'.repeat(50), 'b', 'c']])
  assert.ok(text.isWellFormed())
})

test('the colours of a cell do not count as width', () => {
  const painted = paintFor({ write: () => true, on: () => undefined }, { FORCE_COLOR: '1' })
  const text = createTable({ columns, width: 80, paint: painted })([
    [[{ text: 'ok', format: 'green' }], 'b', 'c']
  ])
  assert.ok(text.includes('\x1b[32mok\x1b[39m    b'), JSON.stringify(text))
})
