import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Event } from '../../server/event-types.ts'
import { runOfEvents } from '../index/fixtures.ts'
import { ask } from './app.ts'
import { runOfDay } from './drift-contract.ts'

/** /openapi.json as far as it is looked at here. */
interface Description {
  paths: Record<string, { get: Operation }>
}
interface Operation {
  summary: string
  description: string
  tags: string[]
  parameters?: { name: string; in: string; description: string }[]
  responses: Record<string, { description: string; content: Record<string, { schema: object }> }>
}

const routes = {
  '/v1/runs': '/v1/runs',
  '/v1/runs/019a5344-9e0b': '/v1/runs/{id}',
  '/v1/runs/019a5344-9e0b/results': '/v1/runs/{id}/results',
  '/v1/runs/019a5344-9e0b/plays': '/v1/runs/{id}/plays',
  '/v1/runs/019a5344-9e0b/tasks': '/v1/runs/{id}/tasks',
  '/v1/runs/019a5344-9e0b/hosts': '/v1/runs/{id}/hosts',
  '/v1/runs/019a5344-9e0b/matrix': '/v1/runs/{id}/matrix',
  '/v1/compare?a=019a5344-9e0b&b=019b76da': '/v1/compare',
  '/v1/compare?a=019a5344-9e0b': '/v1/compare',
  '/v1/drift?from=2000-01-01': '/v1/drift',
  '/v1/events': '/v1/events',
  '/v1/runs?status=aborted': '/v1/runs',
  '/v1/runs?limit=x': '/v1/runs',
  '/v1/runs/019a5344-9e0c': '/v1/runs/{id}'
}

test('answers are as /openapi.json says', async (t) => {
  const bare = runOfEvents(Date.UTC(2026, 0, 1)).result('web-1', 'ok')
  const silent = runOfEvents(Date.UTC(2026, 0, 1), { which: 1 })
  const where = {
    vcs: { branch: 'main', commit: 'a'.repeat(40) },
    ci: { provider: 'gitlab' as const },
    awx: { job_id: '42' }
  }
  const checks = [0, 1].map((day) => runOfDay({ day }, `web-1 install ${day === 0 ? 'changed' : 'failed'}`))
  const [a, b] = checks.map(({ run }) => run.id)
  const history = checks.flatMap(({ events }) => events)
  const { app } = await ask(t, [
    ...examples(),
    ...history,
    bare,
    silent.started(where),
    silent.fellSilent(99)
  ])
  await app.ready()
  const { paths } = app.swagger() as unknown as Description
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    keywords: ['x-required']
  })
  addFormats.default(ajv)
  const urls = { ...routes, [`/v1/compare?a=${a}&b=${b}`]: '/v1/compare' }
  for (const [url, path] of Object.entries(urls)) {
    const answer = await app.inject(url)
    const described = paths[path]?.get.responses[answer.statusCode]
    const schema = described?.content[answer.headers['content-type']?.split(';')[0] ?? '']?.schema
    assert.ok(schema, `${path} describes its ${answer.statusCode}`)
    const isAsDescribed = ajv.validate(schema, answer.json())
    assert.ok(isAsDescribed, `${url}: ${ajv.errorsText()}`)
  }
})

test('every route and parameter is described, and nothing refers to what is not there', async (t) => {
  const { app } = await ask(t, [])
  await app.ready()
  const description = app.swagger() as unknown as Description
  assert.ok(!JSON.stringify(description).includes('"$ref"'))
  const paths = new Set(Object.values(routes))
  for (const path of paths) {
    const operation = description.paths[path]?.get
    assert.ok(operation?.summary && operation.description, path)
    assert.deepEqual(operation.tags, ['ask'])
    for (const parameter of operation.parameters ?? []) assert.ok(parameter.description, parameter.name)
  }
})

/** The examples beside the schemas: events of one run with every field. */
function examples(): Event[] {
  const folder = new URL('../../schemas/examples/valid/', import.meta.url)
  return readdirSync(folder).map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')))
}
