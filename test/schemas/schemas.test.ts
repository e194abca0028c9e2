import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { generated } from '../../scripts/generated.ts'
import { readSchema, type Schema, schemaNames } from '../../scripts/schemas.ts'
import type { Event } from '../../server/event-types.ts'
import { createValidator, readEventSchema } from '../../server/receive/validate.ts'

const examples = new URL('../../schemas/examples/', import.meta.url)

function examplesIn(folder: string): [name: string, event: Event][] {
  const names = readdirSync(new URL(folder, examples))
  assert.ok(names.length > 0)
  return names.map((name) => [name, JSON.parse(readFileSync(new URL(`${folder}${name}`, examples), 'utf8'))])
}

test('every valid example is valid', () => {
  const refuse = createValidator()
  for (const [name, event] of examplesIn('valid/')) {
    const refusal = refuse(event)?.problem
    // What is the server's own follows the schema, and is accepted from nobody.
    if (event.event.provider === 'server') assert.equal(refusal?.code, 'provider_reserved', name)
    else assert.equal(refusal?.message, undefined, name)
  }
})

test('every invalid example is refused, with a place and a sentence', () => {
  const refuse = createValidator()
  for (const [name, event] of examplesIn('invalid/')) {
    const refusal = refuse(event)
    assert.ok(refusal, name)
    assert.match(refusal.pointer, /^\//, name)
    assert.match(refusal.problem.message, /^[@a-z_.]+: .+\.$/, name)
  }
})

test('there is a valid example of every action', () => {
  const known = readEventSchema('ecs') as { $defs: { event: { properties: { action: { enum: string[] } } } } }
  assert.deepEqual(
    [...new Set(examplesIn('valid/').map(([, event]) => event.event.action))].sort(),
    known.$defs.event.properties.action.enum.toSorted()
  )
})

test('every field has a description and says where it comes from', () => {
  for (const name of schemaNames) describe(readSchema(name), name)
})

test('types and event reference are what the schemas say; npm run generate makes them', async () => {
  for (const [path, text] of Object.entries(await generated())) {
    assert.equal(
      readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'),
      text,
      `${path} is stale: run npm run generate`
    )
  }
})

/** Walks into every property; a group needs a description, a field a source as well. */
function describe(schema: Schema, path: string): void {
  for (const [name, child] of Object.entries({ ...schema.properties, ...schema.$defs } as Record<
    string,
    Schema
  >)) {
    const place = `${path}.${name}`
    describe(child, place)
    if (child.items !== undefined) describe(child.items as Schema, place)
    const isDefinition = schema.$defs !== undefined && name in schema.$defs
    if (isDefinition || (child.$ref !== undefined && child.description === undefined)) continue
    assert.ok(child.description, `${place} has no description`)
    if (child.properties === undefined && child.items === undefined)
      assert.ok(child['x-source'], `${place} does not say where it comes from`)
  }
}
