import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApi } from './api.ts'
import { anEvent, aRun, eventsOfRun, itemOf, RUN_ID, resultOf } from './documents.ts'
import { playtrail } from './world.ts'

const play = { id: 'p1', batch: 1 }

test('results stand under their task, however the hosts overtake each other', async (t) => {
  const first = { id: 't1', name: 'First' }
  const second = { id: 't2', name: 'Second' }
  const events = [
    anEvent(0, 'run.started'),
    anEvent(1, 'play.started', {
      ansible: { play: { ...play, name: 'Free', strategy: 'ansible.builtin.free' } }
    }),
    anEvent(2, 'task.started', { ansible: { play, task: { ...first, occurrence: 1 } } }),
    resultOf(3, 'a', { ...first, occurrence: 1 }, { status: 'ok' }),
    anEvent(4, 'task.started', { ansible: { play, task: { ...second, occurrence: 1 } } }),
    resultOf(5, 'a', { ...second, occurrence: 1 }, { status: 'ok' }),
    resultOf(6, 'b', { ...first, occurrence: 1 }, { status: 'changed' })
  ]
  const { url } = await startApi(t, { runs: [aRun()], events })
  const { stdout } = await playtrail(['show', RUN_ID, '--url', url])
  assert.match(stdout, /TASK \[First\] \*+\nok: \[a\]\nchanged: \[b\]\n\nTASK \[Second\] \*+\nok: \[a\]\n$/)
})

test('a task that runs again has a place for each time, and so has each batch of a play', async (t) => {
  const task = (occurrence: number) => ({ id: 't1', name: 'Again', occurrence })
  const batch = (number: number) => ({ id: 'p1', batch: number, name: 'Rolling' })
  const started = (sequence: number, number: number) =>
    anEvent(sequence, 'play.started', { ansible: { play: { ...batch(number), strategy: 'linear' } } })
  const events = [
    started(0, 1),
    resultOf(1, 'a', task(1), { status: 'ok' }),
    resultOf(2, 'a', task(2), { status: 'changed' }),
    started(3, 2),
    resultOf(4, 'b', task(3), { status: 'ok' }, { play: { id: 'p1', batch: 2 } })
  ]
  const { url } = await startApi(t, { runs: [aRun()], events })
  const titles = (await playtrail(['show', RUN_ID, '--url', url])).stdout.match(
    /^(PLAY|TASK|ok|changed).*\]( \(.*\))?/gm
  )
  assert.deepEqual(titles, [
    'PLAY [Rolling]',
    'TASK [Again]',
    'ok: [a]',
    'TASK [Again]',
    'changed: [a]',
    'PLAY [Rolling] (batch 2)',
    'TASK [Again]',
    'ok: [b]'
  ])
})

test('what a result has to say stands with it', async (t) => {
  const task = { id: 't1', name: 'Task', occurrence: 1 }
  const events = [
    anEvent(0, 'run.started'),
    resultOf(1, 'a', task, { status: 'failed', ignored: true, msg: 'one\ntwo' }),
    resultOf(2, 'b', task, { status: 'changed', delegated_host: 'db-01', attempts: 3, warnings: ['old'] }),
    resultOf(
      3,
      'c',
      task,
      { status: 'unreachable', msg: 'no route' },
      { truncated: [{ field: 'ansible.result.msg', size: 9_000 }] }
    ),
    resultOf(4, 'd', { ...task, no_log: true }, { status: 'ok' }),
    resultOf(5, 'e', task, { status: 'ok', stdout: 'not shown', msg: 'said' }),
    resultOf(6, 'f', task, { status: 'failed', rescued: true, msg: 'saved' })
  ]
  const { url } = await startApi(t, { runs: [aRun()], events })
  const { stdout } = await playtrail(['show', RUN_ID, '--url', url])
  assert.equal(
    stdout.slice(stdout.indexOf('failed: [a]')),
    `failed: [a] => one
    two
...ignoring
changed: [b -> db-01] after 3 attempts
    [WARNING]: old
unreachable: [c] => no route
    (ansible.result.msg was cut, there was 9000 of it)
ok: [d] (no_log: nothing else is recorded)
ok: [e] => said
failed: [f] => saved
...rescued
`
  )
})

test('an ad-hoc command shows what it printed', async (t) => {
  const task = { id: 't1', name: 'command', occurrence: 1 }
  const events = [resultOf(0, 'a', task, { status: 'changed', rc: 0, stdout: 'up 3 days' })]
  const run = aRun({ run: { id: RUN_ID, status: 'changed', kind: 'adhoc', name: 'command' } })
  const { url } = await startApi(t, { runs: [run], events })
  assert.match(
    (await playtrail(['show', RUN_ID, '--url', url])).stdout,
    /changed: \[a\]\n {4}stdout:\n {8}up 3 days\n$/
  )
})

test('a diff has its colours', async (t) => {
  const { url } = await startApi(t, { runs: [aRun()], events: eventsOfRun() })
  const { stdout } = await playtrail(['show', RUN_ID, '--url', url], { env: { FORCE_COLOR: '1' } })
  assert.ok(stdout.includes('\x1b[31m-worker_processes 1;\x1b[39m'))
  assert.ok(stdout.includes('\x1b[32m+worker_processes 4;\x1b[39m'))
  assert.ok(stdout.includes('\x1b[33mchanged: [web-07]\x1b[39m'))
})

test('nothing in an event can drive the terminal, also not in a diff or an output', async (t) => {
  const evil = 'a\x1b[2J\x1b[31mb\x9b5n\x07\r\u202e'
  const task = { id: 't1', name: evil, role: evil, action: evil, path: evil, occurrence: 1 }
  const result = {
    status: 'failed' as const,
    msg: evil,
    stdout: evil,
    stderr: evil,
    warnings: [evil],
    delegated_host: evil
  }
  const more = { diff: [{ path: evil, unified: `+${evil}` }], truncated: [{ field: evil, size: 1 }] }
  const events = [
    anEvent(0, 'play.started', { ansible: { play: { ...play, name: evil } } }),
    resultOf(1, evil, task, result, more),
    resultOf(2, evil, task, { status: 'skipped', skip_reason: evil }),
    anEvent(3, 'host.finished', { host: { name: evil }, ansible: { stats: {} } }),
    itemOf(4, evil, task, { number: 1, label: evil }, { status: 'ok' }),
    anEvent(5, 'host.retry', {
      host: { name: evil },
      ansible: { play, task, retry: { attempt: 1, msg: evil } }
    }),
    anEvent(6, 'tasks.included', { ansible: { play, include: { kind: 'role', name: evil, hosts: [evil] } } }),
    anEvent(7, 'handler.notified', { host: { name: evil }, ansible: { play, task, handler: { name: evil } } })
  ]
  const run = aRun({
    labels: { x: evil },
    user: { name: evil },
    run: { id: RUN_ID, status: 'aborted', reason: 'error' },
    error: { message: evil },
    vcs: { branch: evil, url: evil },
    ci: { provider: 'github', job_url: evil },
    awx: { job_id: evil },
    observer: { hostname: evil },
    ansible: { playbook: { path: evil }, cli: { limit: evil, tags: [evil] } }
  })
  const { url } = await startApi(t, { runs: [run], events })
  const { stdout } = await playtrail(['show', RUN_ID, '--url', url])
  assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\u202e]/u)
  const lines = stdout.split('\n').filter((line) => line.includes('\\x1b[2J'))
  assert.equal(lines.length, 26, 'every hostile field is shown as what it is')
})

test('items, retries, includes and notified handlers stand where they happened', async (t) => {
  const users = { id: 't1', name: 'Users', occurrence: 1 }
  const wait = { id: 't2', name: 'Wait', occurrence: 1, path: '/srv/wait.yml' }
  const notified = (sequence: number, name: string) =>
    anEvent(sequence, 'handler.notified', {
      host: { name },
      ansible: { play, task: users, handler: { name: 'Restart' } }
    })
  const events = [
    anEvent(0, 'play.started', { ansible: { play: { ...play, name: 'Web' } } }),
    itemOf(1, 'a', users, { number: 1, label: 'bob' }, { status: 'changed' }),
    itemOf(2, 'b', users, { number: 1, label: 'bob' }, { status: 'ok', msg: 'there already' }),
    itemOf(3, 'a', users, { number: 2 }, { status: 'failed', msg: 'no group', rc: 4 }),
    notified(4, 'a'),
    resultOf(5, 'a', users, { status: 'failed', items: { changed: 1, failed: 1 } }),
    notified(6, 'b'),
    notified(7, 'b'),
    anEvent(8, 'task.started', { ansible: { play, task: wait } }),
    anEvent(9, 'host.retry', {
      host: { name: 'a' },
      outcome: 'failure',
      ansible: { play, task: wait, retry: { attempt: 1, retries: 2 } }
    }),
    resultOf(10, 'a', wait, { status: 'ok', attempts: 2 }),
    // The event does not say which task included it.
    anEvent(11, 'tasks.included', {
      ansible: { play, include: { kind: 'tasks', name: '/srv/more.yml', hosts_total: 1, hosts: ['a'] } }
    })
  ]
  const { url } = await startApi(t, { runs: [aRun()], events })
  const { stdout } = await playtrail(['show', RUN_ID, '--url', url])
  assert.equal(
    stdout.slice(stdout.indexOf('TASK')).replaceAll(/ \*+\n/g, '\n'),
    `TASK [Users]
changed: [a] => (item=bob)
ok: [b] => (item=bob) => there already
failed: [a] (item 2) rc=4 => no group
failed: [a] (2 items: 1 changed, 1 failed)
notified: Restart (by a, b)

TASK [Wait]
retrying: [a] try 1 of 2 failed
ok: [a] after 2 attempts
included: /srv/more.yml for a
`
  )
})
