import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { matches } from '../../server/ask/query/evaluate.ts'
import { fieldNamed, shortNames } from '../../server/ask/query/fields.ts'
import { parseQuery } from '../../server/ask/query/parse.ts'
import { Problem } from '../../server/errors.ts'
import { exampleEvents, NOW } from './example-events.ts'
import { examples, refusals, testExamples } from './examples.ts'
import { sqliteStore } from './sqlite-store.ts'

testExamples(sqliteStore)

test('every example of docs/query.md means what is written beside it', () => {
  assert.ok(examples.length > 50)
  for (const { query, answer } of examples) {
    const parsed = parseQuery(query, NOW)
    const found = [...exampleEvents()].filter(([, event]) => matches(parsed, event as never))
    assert.equal(found.map(([letter]) => letter).join(' '), answer, query)
  }
})

test('what docs/query.md says is refused is refused, with these words', () => {
  assert.ok(refusals.length > 15)
  for (const { query, answer } of refusals) {
    assert.throws(
      () => parseQuery(query, NOW),
      (error) => error instanceof Problem && error.message.includes(answer),
      `${query}: ${answer}`
    )
  }
})

test('every short name is in docs/query.md, and is one of a field', () => {
  const text = readFileSync(new URL('../../docs/query.md', import.meta.url), 'utf8')
  for (const [short, name] of Object.entries(shortNames)) {
    assert.equal(fieldNamed(short).name, name)
    const shown = name.endsWith('.text') ? `words of \`${name.slice(0, -'.text'.length)}\`` : `\`${name}\``
    assert.ok(text.includes(`| \`${short}\` | ${shown} |`), short)
  }
})
