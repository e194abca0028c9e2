import assert from 'node:assert/strict'
import { test } from 'node:test'
import { get, runningService } from '../support/service.ts'

/** A parameter as far as it is looked at here. */
interface Described {
  name: string
  in: 'query' | 'path'
  example?: unknown
  examples?: Record<string, { value: unknown }>
  schema: { enum?: unknown[]; default?: unknown; minimum?: number; maximum?: number }
}
interface Operation {
  tags?: string[]
  parameters?: Described[]
  responses: Record<string, unknown>
}

/** Values of the parameter that the description says are good ones. */
function valuesOf({ example, examples = {}, schema }: Described): string[] {
  const bounds = [schema.default, schema.minimum, schema.maximum]
  const values = [
    example,
    ...Object.values(examples).map(({ value }) => value),
    ...bounds,
    ...(schema.enum ?? [])
  ]
  return values.filter((value) => value !== undefined).map(String)
}

test('values that /openapi.json gives for parameters are taken', async (t) => {
  const service = await runningService(t)
  const { body } = await get(service, '/openapi.json')
  const paths = Object.entries(body.paths as Record<string, Record<string, Operation>>)
  let asked = 0
  for (const [path, { get: operation }] of paths) {
    // GET /v1/live does not end.
    if (operation?.tags?.includes('ask') !== true || path === '/v1/live') continue
    const parameters = operation.parameters ?? []
    const inPath = parameters.filter((parameter) => parameter.in === 'path')
    let at = path
    for (const parameter of inPath) {
      const [value] = valuesOf(parameter)
      assert.ok(value, `${path} has an example of ${parameter.name}`)
      at = at.replace(`{${parameter.name}}`, encodeURIComponent(value))
    }
    const needed = path === '/v1/compare' ? 'a=019a5344-9e0b&b=019a5344-9e0c&' : ''
    for (const parameter of parameters) {
      if (parameter.in !== 'query') continue
      for (const value of valuesOf(parameter)) {
        const query = new URLSearchParams(needed)
        query.set(parameter.name, value)
        const answer = await get(service, `${at}?${query}`)
        asked++
        // Nothing is indexed, so that a run or a task is not found, but the parameter was understood.
        assert.ok([200, 404].includes(answer.status), `${at}?${query}: ${JSON.stringify(answer.body)}`)
      }
    }
  }
  assert.ok(asked > 100, `${asked} values`)
})

test('every route says that the server may meet an error of its own', async (t) => {
  const service = await runningService(t)
  const { body } = await get(service, '/openapi.json')
  for (const [path, methods] of Object.entries(body.paths as Record<string, Record<string, Operation>>))
    for (const { responses } of Object.values(methods)) assert.ok(responses['500'], path)
})
