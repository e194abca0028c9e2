import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startServer } from '../support/server-process.ts'
import { median, spread } from './statistics.ts'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7)
const HOSTS = 20
const FORKS = 10
const root = fileURLToPath(new URL('../../', import.meta.url))
/** Nothing listens there: the discard port. */
const NOBODY = 'http://127.0.0.1:9'

/** Wall time of a playbook with the callback, server up and server down, beside the same without it. */
export async function benchCallback(): Promise<void> {
  const ansible = join(root, '.venv/bin/ansible-playbook')
  if (!existsSync(ansible)) {
    console.log('  skipped: there is no .venv; node scripts/setup.mjs --python makes it')
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'playtrail-bench-'))
  const server = await startServer(join(folder, 'data'))
  const variants: Record<string, Record<string, string>> = {
    'without the callback': {},
    'with, server up': {
      ANSIBLE_CALLBACKS_ENABLED: 'playtrail',
      PLAYTRAIL_URL: server.url,
      PLAYTRAIL_SPOOL_DIR: join(folder, 'up')
    },
    'with, server down': {
      ANSIBLE_CALLBACKS_ENABLED: 'playtrail',
      PLAYTRAIL_URL: NOBODY,
      PLAYTRAIL_SPOOL_DIR: join(folder, 'down')
    }
  }
  const seconds: Record<string, number[]> = Object.fromEntries(
    Object.keys(variants).map((name) => [name, []])
  )
  try {
    runPlaybook(ansible, {}) // warms the file cache
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, environment] of Object.entries(variants))
        seconds[name]?.push(runPlaybook(ansible, environment))
      rmSync(join(folder, 'down'), { recursive: true, force: true })
    }
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  console.log(
    `  ${HOSTS} hosts × 50 tasks, ${FORKS} forks, ${ROUNDS} alternating rounds, seconds: median (range), ratio of the medians`
  )
  const base = median(seconds['without the callback'] ?? [])
  for (const [name, values] of Object.entries(seconds)) {
    console.log(`  ${name.padEnd(22)} ${spread(values, 2)}  ${(median(values) / base).toFixed(3)}`)
  }
}

/** Wall seconds of one run. */
function runPlaybook(ansible: string, environment: Record<string, string>): number {
  const hosts = Array.from({ length: HOSTS }, (_, i) => `host-${i}`).join(',')
  const started = performance.now()
  const { status, stderr, stdout } = spawnSync(
    ansible,
    ['-i', `${hosts},`, '-c', 'local', '-f', String(FORKS), 'test/bench/playbook.yml'],
    {
      cwd: root,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        LANG: 'C.UTF-8',
        ANSIBLE_CALLBACK_PLUGINS: join(root, 'ansible-callback/plugins/callback'),
        ...environment
      }
    }
  )
  if (status !== 0) throw new Error(`ansible-playbook ended with ${status}:\n${stdout}\n${stderr}`)
  return (performance.now() - started) / 1_000
}
