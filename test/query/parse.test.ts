import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { and, not, or, type Query } from '../../server/ask/query/ast.ts'
import { parseQuery } from '../../server/ask/query/parse.ts'
import { Problem } from '../../server/errors.ts'
import { limits } from '../../server/limits.ts'

const NOW = Date.UTC(2026, 10, 5, 12)
const a: Query = { type: 'words', words: ['a'] }
const b: Query = { type: 'words', words: ['b'] }
const c: Query = { type: 'words', words: ['c'] }
const host = (value: string): Query => ({ type: 'equals', field: 'host.name', value })

const structures: [text: string, query: Query][] = [
  ['a OR b AND c', or(a, and(b, c))],
  ['a AND b OR c', or(and(a, b), c)],
  ['a b OR c', or(and(a, b), c)],
  ['a OR b c', or(a, and(b, c))],
  ['(a OR b) c', and(or(a, b), c)],
  ['a (b OR c)', and(a, or(b, c))],
  ['NOT a b', and(not(a), b)],
  ['NOT a OR b', or(not(a), b)],
  ['NOT (a OR b)', not(or(a, b))],
  ['NOT NOT a', a],
  ['NOT NOT NOT a', not(a)],
  ['!-a', a],
  ['a -b', and(a, not(b))],
  ['-(a b) c', and(not(and(a, b)), c)],
  ['+a +b', and(a, b)],
  ['a && !b || c', or(and(a, not(b)), c)],
  ['((a))', a],
  ['\ta\n OR\u3000b ', or(a, b)],
  ['host:(x OR -y)', or(host('x'), not(host('y')))],
  ['host: x', host('x')],
  ['host:(x (y OR z))', and(host('x'), or(host('y'), host('z')))],
  ['host:AND', host('AND')],
  ['host:x\\ y', host('x y')],
  ['host:x\\*', host('x*')],
  ['host:"x\\"y\\\\"', host('x"y\\')],
  ['host:""', host('')],
  ['host:a:b/c,d=e', host('a:b/c,d=e')]
]

test('a query is read as people read it: NOT before AND before OR, side by side is AND', () => {
  for (const [text, query] of structures) assert.deepEqual(parseQuery(text, NOW), query, text)
})

const places: [text: string, position: number][] = [
  ['a AND', 2],
  ['a ) b', 2],
  ['a (b', 2],
  ['a OR OR b', 5],
  ['(((', 2],
  [')', 0],
  ['status : failed', 7],
  ['host:x status:fialed', 7],
  ['a rc:x', 2],
  ['a b"c"', 3],
  ['', 0],
  ['host:x\\', 6]
]

test('a mistake is told with its place', () => {
  for (const [text, position] of places) {
    assert.throws(
      () => parseQuery(text, NOW),
      (error) =>
        error instanceof Problem && error.code === 'query_invalid' && error.members.position === position,
      text
    )
  }
})

test('a status or an action that cannot be is refused as a whole value, and as a pattern is not', () => {
  for (const text of [
    'status:Failed',
    'status:"fialed"',
    'action:host',
    'NOT run.status:ok',
    'status:(ok OR no)'
  ])
    assert.throws(() => parseQuery(text, NOW), /is never/, text)
  for (const text of ['status:Fail*', 'action:host.*', 'status:(ok OR success)', 'labels.status:fialed'])
    assert.ok(parseQuery(text, NOW), text)
  assert.throws(() => parseQuery('status:fialed', NOW, 'runs'), /Did you mean "failed"\?/)
})

test('a colon at the beginning of a word belongs to a field, but not in an address', () => {
  assert.throws(() => parseQuery('a :', NOW), /write a:value/)
  assert.deepEqual(parseQuery('::1', NOW), { type: 'words', words: ['1'] })
})

const costly = [
  'x'.repeat(limits.queryCharactersMax + 1),
  Array(limits.queryClausesMax + 1)
    .fill('a')
    .join(' '),
  `${'('.repeat(limits.queryDepthMax + 1)}a${')'.repeat(limits.queryDepthMax + 1)}`,
  `host:(${Array(limits.queryWildcardsMax + 1)
    .fill('a*')
    .join(' OR ')})`,
  'a*'
]
const allowed = [
  `"${'x'.repeat(limits.queryCharactersMax - 2)}"`,
  Array(limits.queryClausesMax).fill('a').join(' '),
  `${'('.repeat(limits.queryDepthMax)}a${')'.repeat(limits.queryDepthMax)}`,
  `host:(${Array(limits.queryWildcardsMax).fill('a*').join(' OR ')})`,
  'ab*'
]

test('a query beyond its limits is refused, and one at them is not', () => {
  for (const text of costly) {
    const isCostly = (error: unknown) => error instanceof Problem && error.code === 'query_too_costly'
    assert.throws(() => parseQuery(text, NOW), isCostly, text.slice(0, 50))
  }
  for (const text of allowed) assert.ok(parseQuery(text, NOW), text.slice(0, 50))
})

test('parentheses side by side, within each other, are read at once', () => {
  const depth = limits.queryDepthMax - 1
  const text = `${'('.repeat(depth)}a${' (b))'.repeat(depth)}`
  const asked = process.cpuUsage()
  parseQuery(text, NOW)
  assert.ok(process.cpuUsage(asked).user < 2_000_000)
})

const pieces = fc.constantFrom(
  ...[
    'a',
    'host',
    'host:',
    'rc:',
    '@timestamp:',
    'ip:',
    'labels.x:',
    'task:',
    '_exists_:',
    ' ',
    ' ',
    ' AND ',
    ' OR '
  ],
  ...[
    'NOT ',
    '-',
    '+',
    '!',
    '(',
    ')',
    '"',
    '[',
    ']',
    '{',
    '}',
    ' TO ',
    '*',
    '?',
    '\\',
    '~',
    '^',
    '/',
    ':',
    '>',
    '<='
  ],
  ...[
    '1',
    '5s',
    'now',
    'now-7d/d',
    '2026-11-05',
    '10.0.0.0/8',
    '::1',
    'true',
    'and',
    '&&',
    '||',
    'ü',
    '日本',
    '😀',
    '\0',
    '\ud800'
  ]
)

test('any text is a query, or is refused with a problem of a query', () => {
  let understood = 0
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      try {
        parseQuery(parts.join(''), NOW)
        understood++
      } catch (error) {
        if (!(error instanceof Problem) || !error.code.startsWith('query_')) throw error
      }
    }),
    { numRuns: 5_000 }
  )
  assert.ok(understood > 100)
})

test('a name that every object has is no field', () => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
    assert.throws(() => parseQuery(`${name}:x`, NOW), /There is no field/, name)
})
