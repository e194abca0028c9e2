import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import Database from 'better-sqlite3'
import { root } from './playbook-cost.ts'

// psycopg2 is what Django reaches PostgreSQL with.
const REQUIREMENTS = ['ara[server]==1.8.0', 'gunicorn==27.0.1', 'psycopg2-binary==2.9.13']
const GUNICORN_WORKERS = 4
const START_SECONDS_MAX = 60

/**
 * ARA in a virtual environment of its own, made at the first call, with the ansible-core and the Python of `python`'s
 * environment. Returns its `bin`, or undefined if it cannot be installed, after saying why.
 */
export function installAra(python: string): string | undefined {
  const venv = join(root, '.matrix/ara')
  const bin = join(venv, 'bin')
  const stamp = join(venv, '.playtrail-setup')
  const core = output(python, ['-c', 'import ansible.release as r; print(r.__version__)']).trim()
  const packages = [`ansible-core==${core}`, ...REQUIREMENTS]
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === packages.join()) return bin
  console.log(`  installing ${packages.join(', ')} into .matrix/ara`)
  rmSync(venv, { recursive: true, force: true })
  try {
    output(python, ['-m', 'venv', venv])
    output(join(bin, 'python'), [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      ...packages
    ])
  } catch (error) {
    console.log(`  ARA is left out, it could not be installed: ${error}`)
    return undefined
  }
  writeFileSync(stamp, packages.join())
  return bin
}

/** The environment in which Ansible records with ARA into `folder`. */
export function araEnvironment(bin: string, folder: string): Record<string, string> {
  const plugins = output(join(bin, 'python'), ['-m', 'ara.setup.callback_plugins']).trim()
  return { ANSIBLE_CALLBACK_PLUGINS: plugins, ARA_BASE_DIR: folder }
}

/** The results that ARA has kept in `folder`. */
export function araResults(folder: string): number {
  const database = new Database(join(folder, 'ansible.sqlite'), { readonly: true })
  try {
    return Number(database.prepare('SELECT count(*) FROM results').pluck().get())
  } finally {
    database.close()
  }
}

/** What tells ARA where its database is; without it, it is SQLite in its folder. */
export type AraDatabase = Readonly<Record<string, string>>

function environmentOf(folder: string, database: AraDatabase): Record<string, string | undefined> {
  return { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', ARA_BASE_DIR: folder, ...database }
}

/** Makes ARA's tables and fills them with what `events`, in NDJSON, tell: test/bench/ara-fill.py. */
export async function fillAra(
  bin: string,
  folder: string,
  database: AraDatabase,
  events: Iterable<string>
): Promise<void> {
  const env = environmentOf(folder, database)
  output(join(bin, 'ara-manage'), ['migrate'], env)
  const child = spawn(join(bin, 'python'), [join(root, 'test/bench/ara-fill.py')], {
    env,
    cwd: folder,
    stdio: ['pipe', 'ignore', 'inherit']
  })
  const exit = once(child, 'exit')
  await pipeline(Readable.from(events), child.stdin)
  const [status] = await exit
  if (status !== 0) throw new Error(`ara-fill.py ended with ${status}`)
}

/** ARA's server as its documentation runs it, with its data in `folder` or in the database that is named. */
export async function startAra(
  bin: string,
  folder: string,
  database: AraDatabase = {}
): Promise<{ url: string; stop(): Promise<void> }> {
  const environment = environmentOf(folder, database)
  output(join(bin, 'ara-manage'), ['migrate'], environment)
  const child = spawn(
    join(bin, 'gunicorn'),
    [`--workers=${GUNICORN_WORKERS}`, '--bind', '127.0.0.1:0', 'ara.server.wsgi'],
    { env: environment, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] }
  )
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    await exit
  }
  try {
    return { url: await listeningUrl(child), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function listeningUrl(child: ChildProcess): Promise<string> {
  let log = ''
  return await new Promise((resolve, reject) => {
    const fail = (): void => reject(new Error(`gunicorn does not listen:\n${log}`))
    const timer = setTimeout(fail, START_SECONDS_MAX * 1_000)
    child.once('close', fail)
    // Read to the end, or gunicorn would wait for a reader some day.
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-10_000)
      const url = /Listening at: (http:\/\/[\d.:]+)/.exec(log)?.[1]
      if (url === undefined) return
      clearTimeout(timer)
      resolve(url)
    })
  })
}

function output(command: string, args: string[], env: NodeJS.ProcessEnv = process.env): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env })
  if (status === 0) return stdout
  throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${error ?? stderr}`)
}
