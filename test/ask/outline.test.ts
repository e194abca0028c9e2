import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '../../server/event-types.ts'
import { limits } from '../../server/limits.ts'
import { exampleRun, playedRun } from '../index/outline-events.ts'
import { eventually } from '../support/eventually.ts'
import { get, post, runningService } from '../support/service.ts'
import { ask } from './app.ts'

// What an answer may have that these tests look at.
interface Part {
  host: { name: string }
  status?: string
  sequence: number
  ansible: { play: { id: string }; task: { name: string; path?: string; line?: number } }
  event: { start?: string; end?: string; duration?: number }
  results: Record<string, number>
  ignored: number
  rescued: number
}
interface Body {
  items: Part[]
  next: string | null
}
interface Matrix {
  tasks: { number: number; sequence: number; ansible: { task: { name: string } } }[]
  tasks_total: number
  items: { host: { name: string }; status?: string; results: Record<string, unknown>[] }[]
  next: string | null
}

async function asked(t: Parameters<typeof ask>[0], events: readonly Event[]) {
  const { app } = await ask(t, events)
  return async <Answer = Body>(url: string): Promise<Answer> => {
    const answer = await app.inject(url)
    assert.equal(answer.statusCode, 200, `${url}: ${answer.body}`)
    return answer.json<Answer>()
  }
}

test('a service tells the plays, tasks and hosts of a run that it was sent', async (t) => {
  const service = await runningService(t)
  const { run, events } = exampleRun()
  await post(service, events.map((event) => JSON.stringify(event)).join('\n'))
  await eventually(async () => {
    const { body } = await get(service, `/v1/runs/${run.id}`)
    return body.playtrail?.events === events.length || undefined
  })
  const { body: plays } = await get(service, `/v1/runs/${run.id}/plays`)
  assert.deepEqual(
    (plays as Body).items.map(({ ansible, sequence }) => `${ansible.play.id} ${sequence}`),
    ['web 1', 'db 8', 'none 12']
  )
  const { body } = await get(service, `/v1/runs/${run.id}/tasks`)
  const [install, check] = (body as Body).items
  assert.deepEqual(
    [install?.ansible.task.path, install?.ansible.task.line],
    ['/srv/ansible/roles/nginx/tasks/main.yml', 3]
  )
  assert.deepEqual(install?.event, {
    start: '2026-11-05T09:30:02.000000Z',
    end: '2026-11-05T09:30:04.000000Z',
    duration: 2_000_000_000
  })
  assert.deepEqual(check?.results, { ok: 0, changed: 0, failed: 2, skipped: 0, unreachable: 0 })
  assert.deepEqual([check?.ignored, check?.rescued], [1, 1])
  const { body: hosts } = await get(service, `/v1/runs/${run.id}/hosts`)
  assert.deepEqual(
    (hosts as Body).items.map(({ host, status, event }) => [host.name, status, event.duration]),
    [
      ['db-1', 'failed', 1_000_000_000],
      ['web-1', 'changed', 2_000_000_000],
      ['web-2', 'ok', 2_000_000_000],
      ['web-3', undefined, undefined]
    ]
  )
})

test('a matrix has a row for each host, and in it the results of the tasks that were asked for', async (t) => {
  const { run, events } = exampleRun()
  const answer = await asked(t, events)
  const whole = await answer<Matrix>(`/v1/runs/${run.id}/matrix`)
  assert.deepEqual([whole.tasks_total, whole.next], [3, null])
  assert.deepEqual(
    whole.tasks.map(({ number, ansible }) => `${number} ${ansible.task.name}`),
    ['0 install', '1 check', '2 include']
  )
  const second = 1_000_000_000
  assert.deepEqual(whole.items.at(1), {
    host: { name: 'web-1' },
    status: 'changed',
    results: [
      { task: 0, status: 'changed', sequence: 4, duration: second },
      { task: 1, status: 'failed', rescued: true, sequence: 6, duration: second }
    ]
  })
  const part = await answer<Matrix>(`/v1/runs/${run.id}/matrix?tasks_from=1&tasks_limit=1&host=web-*`)
  assert.deepEqual(
    part.tasks.map(({ number }) => number),
    [1]
  )
  assert.deepEqual(
    part.items.map(({ host, results }) => [host.name, results.map(({ task }) => task)]),
    [
      ['web-1', [1]],
      ['web-2', [1]],
      ['web-3', []]
    ]
  )
})

test('pages of the parts of a run joined by their cursors are the whole list', async (t) => {
  const { run, events } = exampleRun()
  const answer = await asked(t, events)
  for (const part of ['plays', 'tasks', 'hosts', 'matrix']) {
    const url = `/v1/runs/${run.id}/${part}`
    const whole = await answer(url)
    const paged: Part[] = []
    let next: string | null = ''
    while (next !== null) {
      const page: Body = await answer(`${url}?limit=1${next === '' ? '' : `&cursor=${next}`}`)
      assert.equal(page.items.length, 1)
      paged.push(...page.items)
      next = page.next
    }
    assert.deepEqual(paged, whole.items, part)
  }
})

test('parts of a run are exported whole, and cut down to fields', async (t) => {
  const { run, events } = exampleRun()
  const { app } = await ask(t, events)
  const accept = { accept: 'text/csv' }
  const csv = await app.inject({ url: `/v1/runs/${run.id}/hosts?fields=host.name,status`, headers: accept })
  assert.equal(csv.body, 'host.name,status\r\ndb-1,failed\r\nweb-1,changed\r\nweb-2,ok\r\nweb-3,\r\n')
  const lines = await app.inject({
    url: `/v1/runs/${run.id}/tasks?fields=ansible.task.name`,
    headers: { accept: 'application/x-ndjson' }
  })
  const names = lines.body.trimEnd().split('\n')
  assert.deepEqual(
    names,
    ['install', 'check', 'include'].map((name) => `{"ansible":{"task":{"name":"${name}"}}}`)
  )
  const plays = await app.inject({ url: `/v1/runs/${run.id}/plays`, headers: accept })
  assert.match(plays.body, /^sequence,ansible.play.id,.*\r\n1,web,1,web,/)
})

test('a page of a matrix ends early where its hosts have many results', async (t) => {
  const run = playedRun()
  const tasks = Array.from({ length: limits.matrixTasksMax }, (_, at) => `task ${at}`)
  const hosts = Array.from(
    { length: limits.matrixResultsMax / limits.matrixTasksMax + 2 },
    (_, at) => `web-${at}`
  )
  const events = tasks.flatMap((task) => hosts.map((host) => run.ended('web', task, host, 'ok')))
  const answer = await asked(t, events)
  const url = `/v1/runs/${run.id}/matrix?limit=1000&tasks_limit=${limits.matrixTasksMax}`
  const { items, next } = await answer<Matrix>(url)
  assert.equal(items.length, hosts.length - 2)
  const rest = await answer<Matrix>(`${url}&cursor=${next}`)
  assert.deepEqual([rest.items.length, rest.next], [2, null])
})

test('parts of a run that is not there, and parameters that are not theirs, are refused', async (t) => {
  const { run, events } = exampleRun()
  const { get: answer } = await ask(t, events)
  for (const part of ['plays', 'tasks', 'hosts', 'matrix']) {
    const missing = await answer(`/v1/runs/00000000-0000-7000-8000-000000000000/${part}`)
    assert.deepEqual([missing.status, missing.body.code], [404, 'run_not_found'])
    const unknown = await answer(`/v1/runs/${run.id}/${part}?statsu=failed`)
    assert.deepEqual([unknown.status, unknown.body.parameter], [400, 'statsu'])
    const foreign = await answer(`/v1/runs/${run.id}/${part}?cursor=WzEsImV2ZW50cyIsMTc2Ml0`)
    assert.deepEqual([foreign.status, foreign.body.code], [400, 'cursor_invalid'])
  }
  const wrong = await answer(`/v1/runs/${run.id}/matrix?tasks_limit=0`)
  assert.match(wrong.body.detail, /tasks_limit: expected a whole number from 1 to 1000; got "0"/)
})
