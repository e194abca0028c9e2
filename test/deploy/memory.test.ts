import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { MEMORY } from '../support/server-process.ts'

for (const place of ['package.json', 'Dockerfile', 'deploy/playtrail.service']) {
  test(`${place} starts the service with the settings for memory that are tested and measured`, () => {
    const text = readFileSync(new URL(`../../${place}`, import.meta.url), 'utf8')
    const { NODE_OPTIONS, ...allocator } = MEMORY
    assert.ok(text.includes(NODE_OPTIONS), NODE_OPTIONS)
    for (const [name, value] of Object.entries(allocator))
      assert.match(text, new RegExp(`${name}=${value}\\b`))
  })
}
