import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { IndexedEvent, Run } from '../../server/index/store.ts'
import { ansibleConfig, ansibleMissing, type Controller, controllerIn } from '../support/ansible.ts'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url))
const WAIT_MS_MAX = 20_000

async function startedServer(t: TestContext, dataDir: string, options = {}): Promise<ServerProcess> {
  const server = await startServer(dataDir, options)
  onEnd(t, () => server.kill())
  return server
}

/** Waits until `question` has an answer. */
async function eventually<Answer>(question: () => Promise<Answer | undefined>): Promise<Answer> {
  const until = performance.now() + WAIT_MS_MAX
  for (;;) {
    const answer = await question()
    if (answer !== undefined) return answer
    if (performance.now() > until) throw new Error(`no answer within ${WAIT_MS_MAX} ms: ${question}`)
    await pause(20)
  }
}

async function ask<Item>(url: string, path: string): Promise<Item[]> {
  const response = await fetch(`${url}${path}`)
  const page = (await response.json()) as { items: Item[]; next: string | null }
  assert.equal(page.next, null)
  return page.items
}

/** The runs, newest first, once there are `count` that have ended. */
async function endedRuns(url: string, count: number): Promise<Run[]> {
  return await eventually(async () => {
    const runs = await ask<Run>(url, '/v1/runs')
    return runs.length === count && runs.every(({ run }) => run.status !== 'running') ? runs : undefined
  })
}

/** All events of a run, in order; fails if one is missing or there twice. */
async function completeRun(url: string, id: string): Promise<IndexedEvent[]> {
  const events = await ask<IndexedEvent>(url, `/v1/events?run=${id}&sort=@timestamp&limit=1000`)
  const sequences = events.map(({ event }) => event.sequence ?? -1).sort((a, b) => a - b)
  assert.deepEqual(sequences, Array.from(sequences.keys()))
  assert.equal(events.find(({ event }) => event.action === 'run.finished')?.event.sequence, events.length - 1)
  return events
}

function playtrail(
  url: string,
  ...args: string[]
): { status: number | null; stdout: string; stderr: string } {
  const env = { PATH: process.env.PATH, PLAYTRAIL_URL: url, NO_COLOR: '1' }
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', env })
}

function exampleController(t: TestContext, url: string): Controller {
  const controller = controllerIn(join(temporaryFolder(t), 'work'), {
    config: ansibleConfig(url),
    hosts: ['web-01']
  })
  cpSync(EXAMPLES, join(controller.folder, 'examples'), { recursive: true })
  return controller
}

const runExample = (
  controller: Controller,
  more: string[] = [],
  environment: Record<string, string> = {}
): ReturnType<Controller['playbook']> =>
  controller.playbook(['-i', 'examples/hosts.ini', 'examples/site.yml', '--diff', ...more], {
    environment: { TMPDIR: controller.folder, ...environment }
  })

test('a run of real Ansible is found by the API and by the command line: who, when, where, what, how it ended', {
  skip: ansibleMissing
}, async (t) => {
  const server = await startedServer(t, temporaryFolder(t))
  const controller = exampleController(t, server.url)
  const { status, stderr } = await runExample(controller, ['--limit', 'web', '-e', 'release=2.5.0'], {
    PLAYTRAIL_LABELS: 'team=web'
  })
  assert.equal(status, 0, stderr)

  const [run, ...others] = await endedRuns(server.url, 1)
  assert.ok(run)
  assert.deepEqual(others, [])
  assert.deepEqual([run.run.name, run.run.kind, run.run.status], ['site.yml', 'playbook', 'changed'])
  assert.ok(run.user?.name && run.user.origin && run.observer?.hostname)
  assert.deepEqual(run.ansible?.cli?.limit, 'web')
  assert.deepEqual(run.ansible?.cli?.extra_var_names, ['release'])
  assert.deepEqual(run.labels, { team: 'web' })
  assert.ok((run.event.duration ?? 0) > 0 && run.event.end && run.event.end > run.event.start)

  const events = await completeRun(server.url, run.run.id)
  const results = await ask<IndexedEvent>(server.url, `/v1/runs/${run.run.id}/results?limit=1000`)
  assert.equal(results.length, events.filter(({ event }) => event.action === 'host.result').length)
  const statuses = new Set(results.map(({ ansible }) => ansible?.result?.status))
  for (const wanted of ['ok', 'changed', 'failed', 'skipped'] as const)
    assert.ok(statuses.has(wanted), wanted)
  assert.ok(results.some(({ ansible }) => ansible?.result?.ignored === true))
  assert.ok(
    results.some(({ ansible }) => ansible?.diff?.some(({ unified }) => unified?.includes('+shop 2.5.0')))
  )
  const changedOnHost = await ask<IndexedEvent>(
    server.url,
    '/v1/events?host=web-01&status=changed&limit=1000'
  )
  assert.ok(changedOnHost.length > 0 && changedOnHost.every(({ host }) => host?.name === 'web-01'))

  const listed = playtrail(server.url, 'runs', '--json')
  assert.equal(listed.status, 0, listed.stderr)
  assert.equal(JSON.parse(listed.stdout).run.id, run.run.id)
  assert.match(playtrail(server.url, 'runs').stdout, /site\.yml/)
  const shown = playtrail(server.url, 'show', run.run.id.slice(0, 13))
  assert.equal(shown.status, 0, shown.stderr)
  assert.match(shown.stdout, /changed: \[web-01\]/)
  assert.match(shown.stdout, /\+shop 2\.5\.0/)
  assert.deepEqual(controller.spooled(), [])
})

test('with the server down a run is the same to the byte, and afterwards everything is there, once', {
  skip: ansibleMissing
}, async (t) => {
  const dataDir = temporaryFolder(t)
  const first = await startedServer(t, dataDir)
  const listen = new URL(first.url).host
  await first.stop()

  const hosts = ['web-01', 'web-02']
  const config = ansibleConfig(first.url)
  const controller = controllerIn(join(temporaryFolder(t), 'work'), { config, hosts })
  writeFileSync(join(controller.folder, 'plain.cfg'), '[defaults]\n')
  writeFileSync(join(controller.folder, 'steady.yml'), STEADY_PLAYBOOK)
  // One fork, so that the hosts come in the same order each time.
  const args = ['steady.yml', '--forks', '1', '--diff']
  const without = await controller.playbook(args, { environment: { ANSIBLE_CONFIG: 'plain.cfg' } })
  assert.equal(without.status, 2)
  for (const _run of [1, 2]) assert.deepEqual(await controller.playbook(args), without)
  assert.equal(controller.spooled().filter((name) => name.endsWith('.ndjson')).length, 2)

  const server = await startedServer(t, dataDir, { listen })
  await controller.ship(server.url)
  for (const { run } of await endedRuns(server.url, 2)) await completeRun(server.url, run.id)
  await eventually(async () => (controller.spooled().length === 0 ? true : undefined))
})

test('a server that is killed and started again during a run has everything of it in the end, once', {
  skip: ansibleMissing
}, async (t) => {
  const dataDir = temporaryFolder(t)
  let server = await startedServer(t, dataDir)
  const listen = new URL(server.url).host
  const controller = exampleController(t, server.url)
  // Two rounds of the example make the run long enough to be hit in the middle.
  let restarted: Promise<void> | undefined
  const { status } = await controller.playbook(
    ['-i', 'examples/hosts.ini', 'examples/site.yml', 'examples/site.yml'],
    {
      environment: { TMPDIR: controller.folder },
      onOutput: (output) => {
        if (restarted !== undefined || !output.includes('Unpack release')) return
        restarted = (async () => {
          await server.kill()
          server = await startedServer(t, dataDir, { listen })
        })()
      }
    }
  )
  assert.equal(status, 0)
  await restarted
  assert.ok(restarted, 'the server was killed')
  await controller.ship(server.url)
  for (const { run } of await endedRuns(server.url, 2)) await completeRun(server.url, run.id)
})

test('a secret of a no_log task is in no file of the data folder, the spool or the log', {
  skip: ansibleMissing
}, async (t) => {
  const secret = 'marker-8f3a6c'
  const dataDir = temporaryFolder(t)
  const server = await startedServer(t, dataDir, { logLevel: 'trace' })
  const controller = controllerIn(join(temporaryFolder(t), 'work'), {
    config: ansibleConfig(server.url),
    hosts: ['web-01']
  })
  writeFileSync(join(controller.folder, 'vars.yml'), `secret: ${secret}\n`)
  writeFileSync(join(controller.folder, 'secret.yml'), SECRET_PLAYBOOK)
  const environment = { ANSIBLE_DISPLAY_TRACEBACK: 'always' }
  const { status } = await controller.playbook(['secret.yml', '--diff', '-vvv'], { environment })
  assert.equal(status, 0)
  // The same again without a server: what waits in the spool is as clean.
  const spooled = await controller.playbook(['secret.yml', '--diff'], {
    environment: { ...environment, PLAYTRAIL_URL: 'http://127.0.0.1:9' }
  })
  assert.equal(spooled.status, 0)

  const [run] = await endedRuns(server.url, 1)
  const results = await ask<IndexedEvent>(server.url, `/v1/runs/${run?.run.id}/results?limit=1000`)
  assert.ok(results.filter(({ ansible }) => ansible?.task?.no_log === true).length >= 4)
  await server.stop()
  const files = [...filesBelow(dataDir), ...filesBelow(controller.spool)]
  assert.ok(files.some((path) => path.endsWith('.segment')) && files.some((path) => path.endsWith('.ndjson')))
  for (const path of files) assert.ok(!readFileSync(path).includes(secret), path)
  assert.ok(!server.output().includes(secret))
})

/** Prints the same each time: no times, no temporary names. */
const STEADY_PLAYBOOK = `
- hosts: all
  gather_facts: false
  tasks:
    - name: Say something
      ansible.builtin.debug:
        msg: "{{ item }}"
      loop: [one, two]
    - name: Change something
      ansible.builtin.debug:
        msg: changed
      changed_when: true
      notify: Tell
    - name: Fail, which is ignored
      ansible.builtin.fail:
        msg: not so bad
      ignore_errors: true
    - name: Skip something
      ansible.builtin.debug:
        msg: never
      when: false
    - name: Fail on one host
      ansible.builtin.fail:
        msg: bad
      when: inventory_hostname == 'web-02'
  handlers:
    - name: Tell
      ansible.builtin.debug:
        msg: told
`

const SECRET_PLAYBOOK = `
- hosts: all
  gather_facts: false
  vars_files: [vars.yml]
  tasks:
    - name: A name with {{ secret }}
      ansible.builtin.command: "echo {{ secret }}"
      no_log: true
    - name: A loop
      ansible.builtin.debug:
        msg: "{{ item }}"
      loop: ["{{ secret }}", "more {{ secret }}"]
      no_log: true
    - name: A file
      ansible.builtin.copy:
        content: "{{ secret }}"
        dest: "{{ playbook_dir }}/written"
        mode: "0600"
      no_log: "{{ true }}"
    - name: A failure
      ansible.builtin.fail:
        msg: "{{ secret }}"
      no_log: true
      ignore_errors: true
    - name: An error in a template
      ansible.builtin.debug:
        msg: "{{ secret | no_such_filter }}"
      no_log: true
      ignore_errors: true
`

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
