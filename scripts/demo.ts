/**
 * `npm run demo`: the whole path in a minute, in temporary folders: a service on a free port, the example
 * playbook with real Ansible, and what the command line answers. Nothing of it stays.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'
import { startServer } from '../test/support/server-process.ts'

const INDEXED_WAIT_MS_MAX = 10_000
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'playtrail-demo-'))
const bin = join(root, '.venv', 'bin')

say(`Starting a service with a temporary data folder, ${folder}/data`)
const server = await startServer(join(folder, 'data'))
try {
  // What the example's ansible.cfg leaves to the environment: where the service, the spool and the files are.
  const environment = {
    PLAYTRAIL_URL: server.url,
    PLAYTRAIL_SPOOL_DIR: join(folder, 'spool'),
    TMPDIR: folder,
    ANSIBLE_LOCALHOST_WARNING: 'false'
  }
  say(`It listens on ${server.url}. Running examples/site.yml; examples/ansible.cfg enables the callback.`)
  ansiblePlaybook(['site.yml', '--diff'], environment)
  say('Once more, as a dry run of a part of it on one host:')
  ansiblePlaybook(['site.yml', '--check', '--tags', 'config', '--limit', 'web-01'], environment)
  await indexed(server.url)

  say('Who ran what, when, on which hosts, with what result?')
  playtrail('runs')
  say('What happened in the first of them? (The task with no_log tells its outcome, and nothing else.)')
  playtrail('show', await firstRun(server.url))
  say('What changed on web-01 since yesterday, and who did it?')
  playtrail('host', 'web-01', '--from', 'now-1d', '--changes')
  say('Is anything not as the dry run wants it?')
  playtrail('drift')
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
say('That was all; the temporary folder is gone. To record your own runs: npm start')

function playtrail(...args: string[]): void {
  show('npx playtrail', args)
  const main = join(root, 'server/main.ts')
  const env = { ...process.env, PLAYTRAIL_URL: server.url }
  const { status } = spawnSync(process.execPath, [main, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env
  })
  if (status !== 0) throw new Error(`playtrail ${args[0]} ended with ${status}`)
}

/** Ansible's own output is long, and the same as ever: its recap is enough here. */
function ansiblePlaybook(args: string[], environment: Record<string, string>): void {
  show('ansible-playbook', args)
  const options = {
    cwd: join(root, 'examples'),
    encoding: 'utf8',
    env: { ...process.env, ...environment }
  } as const
  const { status, stdout, stderr } = spawnSync(join(bin, 'ansible-playbook'), args, options)
  if (status !== 0) throw new Error(`ansible-playbook ended with ${status}:\n${stdout}\n${stderr}`)
  const lines = stdout.trimEnd().split('\n')
  const recap = lines.findIndex((line) => line.startsWith('PLAY RECAP'))
  console.log(`… ${recap} lines of Ansible\n${lines.slice(recap).join('\n')}`)
}

function show(program: string, args: readonly string[]): void {
  console.log(styleText('bold', `$ ${[program, ...args].join(' ')}`))
}

async function firstRun(url: string): Promise<string> {
  const { items } = (await (await fetch(`${url}/v1/runs`)).json()) as { items: { run: { id: string } }[] }
  return items.at(-1)?.run.id ?? ''
}

/** Waits until the shipper has delivered both runs, and the index has what the journal has. */
async function indexed(url: string): Promise<void> {
  const until = performance.now() + INDEXED_WAIT_MS_MAX
  for (;;) {
    const { items } = (await (await fetch(`${url}/v1/runs`)).json()) as {
      items: { run: { status: string } }[]
    }
    if (items.length === 2 && items.every(({ run }) => run.status !== 'running')) return
    if (performance.now() > until) throw new Error(`the runs did not arrive within ${INDEXED_WAIT_MS_MAX} ms`)
    await pause(20)
  }
}

function say(text: string): void {
  console.log(`\n${styleText('cyan', text)}\n`)
}
