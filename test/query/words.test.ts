import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordsOf } from '../../server/ask/query/words.ts'

const texts: Record<string, string[]> = {
  '': [],
  '--- !!! ___': [],
  'Install nginx 1.26.0 on web-07!': ['install', 'nginx', '1.26.0', 'on', 'web', '07'],
  "it's o’neil 'quoted'": ["it's", 'o’neil', 'quoted'],
  '/etc/nginx/nginx.conf': ['etc', 'nginx', 'nginx.conf'],
  'a.b a. .b 1.5 a.1 1.a 1,000 a,b 1;2': [
    'a.b',
    'a',
    'b',
    '1.5',
    'a',
    '1',
    '1',
    'a',
    '1,000',
    'a',
    'b',
    '1;2'
  ],
  'a_b _a a_ foo__bar': ['a_b', '_a', 'a_', 'foo__bar'],
  'a:b key=value': ['a:b', 'key', 'value'],
  'Straße ΣΑΣ İ': ['straße', 'σασ', 'i'],
  日本語テキスト: ['日', '本', '語', 'テキスト'],
  'สวัสดี a\u200bb a\u00adb': ['สวัสดี', 'a', 'b', 'a\u00adb']
}

test('a text is taken apart at the boundaries of Unicode, in lower case', () => {
  for (const [text, words] of Object.entries(texts)) assert.deepEqual(wordsOf(text), words, text)
})

test('a word of more than 255 characters is cut there', () => {
  assert.deepEqual(
    wordsOf(`${'x'.repeat(600)} y`).map((word) => word.length),
    [255, 255, 90, 1]
  )
})

const odd = ['_', 'a_', 'a.', "a'", '1,', 'a\u0301', '\u200d', '👍\u200d', '_\u0301', '🇩', 'ส', 'א"', 'ア']

test('odd texts of the greatest length are taken apart in no time', () => {
  const asked = process.cpuUsage()
  for (const piece of odd) wordsOf(piece.repeat(65_536 / piece.length))
  // Looking for a word anew at each character took minutes for some of them.
  assert.ok(process.cpuUsage(asked).user < 10_000_000)
})
