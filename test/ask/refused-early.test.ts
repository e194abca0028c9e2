import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '../../server/index/store.ts'
import { exampleRun } from '../index/outline-events.ts'
import { ask } from './app.ts'

/** The store, which notes what it is asked. */
function noting(store: Store, questions: string[]): Store {
  return new Proxy(store, {
    get(of, name: keyof Store) {
      const member = of[name]
      if (typeof member !== 'function') return member
      questions.push(name)
      return member.bind(of)
    }
  })
}

test('a request that is refused for its form, its limit or its cursor puts nothing together', async (t) => {
  const { run, events } = exampleRun()
  const lists = {
    [`/v1/runs/${run.id}/plays`]: 'outline',
    [`/v1/runs/${run.id}/tasks`]: 'outline',
    [`/v1/runs/${run.id}/hosts`]: 'outline',
    '/v1/drift': 'eventParts',
    '/v1/hosts': 'hosts',
    '/v1/tasks': 'tasks',
    '/v1/events': 'events'
  }
  for (const [url, question] of Object.entries(lists)) {
    const questions: string[] = []
    // A service of its own, which has not put the run together for another list.
    const { app } = await ask(t, events, (store) => noting(store, questions))
    questions.length = 0
    const unacceptable = await app.inject({ url, headers: { accept: 'image/png' } })
    const tooMany = await app.inject(`${url}?limit=1001`)
    const forged = await app.inject(`${url}?cursor=x`)
    const statuses = [unacceptable, tooMany, forged].map(({ statusCode }) => statusCode)
    assert.deepEqual([statuses, questions], [[406, 400, 400], []], url)
    assert.equal((await app.inject(url)).statusCode, 200)
    assert.ok(questions.includes(question), `${url} asks for ${question}`)
  }
})

test('a run is put together once for a whole export', async (t) => {
  const { run, events } = exampleRun()
  const tasks = Array.from({ length: 120 }, (_, at) => run.task('web', `task ${at}`))
  const questions: string[] = []
  const { app } = await ask(t, [...events, ...tasks], (store) => noting(store, questions))
  const { body } = await app.inject({
    url: `/v1/runs/${run.id}/tasks`,
    headers: { accept: 'application/x-ndjson' }
  })
  assert.ok(body.split('\n').length > 120)
  assert.equal(questions.filter((name) => name === 'outline').length, 1)
})
