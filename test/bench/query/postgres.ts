import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { AraDatabase } from '../ara.ts'

const DEBIAN = '/usr/lib/postgresql'
const START_TRIES_MAX = 100
const LOOK_EVERY_MS = 100
/** As ARA's documentation advises for a database that is not SQLite. */
const CONNECTION_SECONDS_MAX = '60'

/** A PostgreSQL of its own in a temporary folder, as it comes, with an empty database for ARA. */
export interface Postgres {
  database: AraDatabase
  /** Bytes of the database. */
  bytes(): number
  stop(): Promise<void>
}

/** Starts one, or returns why there is none. */
export async function startPostgres(): Promise<Postgres | string> {
  const bin = findBin()
  if (bin === undefined)
    return 'there is no PostgreSQL on this machine (on Debian: apt-get install postgresql)'
  const account = accountOf()
  if (account === undefined) return 'PostgreSQL does not run as root, and there is no user `postgres`'
  const folder = mkdtempSync(join(tmpdir(), 'playtrail-bench-postgres-'))
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid)
  const tidy = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    return await startIn(folder, bin, account, tidy)
  } catch (error) {
    tidy()
    throw error
  }
}

async function startIn(folder: string, bin: string, account: Account, tidy: () => void): Promise<Postgres> {
  const run = (name: string, args: string[]): string => {
    const options = { encoding: 'utf8' as const, cwd: folder, ...account }
    const { status, stdout, stderr, error } = spawnSync(join(bin, name), args, options)
    if (status === 0) return stdout
    throw new Error(`${name} ended with ${status}: ${error ?? stderr}`)
  }
  const data = join(folder, 'data')
  run('initdb', ['--auth=trust', '--username=ara', '--encoding=UTF8', '--locale=C.UTF-8', data])
  const port = String(await freePort())
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: folder }
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { stdio: 'ignore', cwd: folder, ...account }
  )
  const connection = ['--host=127.0.0.1', `--port=${port}`, '--username=ara']
  try {
    await untilReady(child, () => run('psql', [...connection, '--command=SELECT 1', 'postgres']))
    run('createdb', [...connection, 'ara'])
  } catch (error) {
    await end(child)
    throw error
  }
  const size = [...connection, '--tuples-only', "--command=SELECT pg_database_size('ara')", 'ara']
  return {
    database: {
      ARA_DATABASE_ENGINE: 'django.db.backends.postgresql',
      ARA_DATABASE_NAME: 'ara',
      ARA_DATABASE_USER: 'ara',
      ARA_DATABASE_HOST: '127.0.0.1',
      ARA_DATABASE_PORT: port,
      ARA_DATABASE_CONN_MAX_AGE: CONNECTION_SECONDS_MAX
    },
    bytes: () => Number(run('psql', size)),
    async stop() {
      await end(child)
      tidy()
    }
  }
}

function findBin(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
    ...(process.env.PATH ?? '').split(':')
  ]
  return folders.find((folder) => existsSync(join(folder, 'initdb')))
}

/** Whom it runs as, if not as whoever runs this. */
type Account = { uid: number; gid: number } | { uid?: undefined }

/** PostgreSQL refuses to run as root. */
function accountOf(): Account | undefined {
  if (process.getuid?.() !== 0) return {}
  const id = (option: string): number => {
    const { status, stdout } = spawnSync('id', [option, 'postgres'], { encoding: 'utf8' })
    return status === 0 ? Number(stdout) : Number.NaN
  }
  const account = { uid: id('-u'), gid: id('-g') }
  return Number.isNaN(account.uid) ? undefined : account
}

async function untilReady(child: ChildProcess, look: () => unknown): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      look()
      return
    } catch (error) {
      // It starts, as long as it has not ended.
      if (tries === START_TRIES_MAX || child.exitCode !== null) throw error
    }
    await pause(LOOK_EVERY_MS)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  // "Fast shutdown": sessions are ended, and it tidies up.
  child.kill('SIGINT')
  await exit
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('there is no free port')
  return address.port
}
