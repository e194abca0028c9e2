import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startServer } from '../support/server-process.ts'
import { araEnvironment, araResults, startAra } from './ara.ts'
import { ready } from './events.ts'
import { root } from './playbook-cost.ts'

/** Nothing listens there: the discard port. */
const NOBODY = 'http://127.0.0.1:9'
const ARA_THREADS = 4
const INDEX_POLL_MS = 10
const RUNS_MAX = 1_000

/** A way to run the playbook, beside the others. */
export interface Variant {
  name: string
  isPeer: boolean
  environment: Record<string, string>
  /** Between two runs: what must not add up from round to round. */
  tidy?(): void
  /** How many results of all the runs so far are kept, where anybody keeps them. */
  results?(): Promise<number> | number
  stop?(): Promise<unknown>
}

/** The variants with fresh data in `folder`; the first is the one to compare with. */
export async function startVariants(folder: string, araBin: string | undefined): Promise<Variant[]> {
  const home = (name: string): string => {
    const path = join(folder, name)
    mkdirSync(path, { mode: 0o700 })
    return path
  }
  const variants: Variant[] = [
    { name: 'none', isPeer: false, environment: { HOME: home('none') } },
    await serverUp(home('up')),
    serverDown(home('down'))
  ]
  if (araBin === undefined) return variants
  return [...variants, araOffline(araBin, home('ara-offline')), await araHttp(araBin, home('ara-http'))]
}

async function serverUp(home: string): Promise<Variant> {
  const server = await startServer(join(home, 'data'))
  return {
    name: 'Playtrail, server up',
    isPeer: false,
    environment: playtrailEnvironment(home, server.url),
    results: async () => await playtrailResults(server.url),
    stop: server.stop
  }
}

async function playtrailResults(url: string): Promise<number> {
  while ((await ready(url)).index.lag > 0) await pause(INDEX_POLL_MS)
  const answer = await fetch(`${url}/v1/runs?limit=${RUNS_MAX}`)
  const { items } = (await answer.json()) as { items: { playtrail: { results: Record<string, number> } }[] }
  return items.flatMap((run) => Object.values(run.playtrail.results)).reduce((sum, count) => sum + count, 0)
}

function serverDown(home: string): Variant {
  return {
    name: 'Playtrail, server down',
    isPeer: false,
    environment: playtrailEnvironment(home, NOBODY),
    tidy: () => rmSync(join(home, 'spool'), { recursive: true, force: true })
  }
}

function playtrailEnvironment(home: string, url: string): Record<string, string> {
  return {
    HOME: home,
    ANSIBLE_CALLBACK_PLUGINS: join(root, 'ansible-callback/plugins/callback'),
    ANSIBLE_CALLBACKS_ENABLED: 'playtrail',
    PLAYTRAIL_URL: url,
    PLAYTRAIL_SPOOL_DIR: join(home, 'spool')
  }
}

function araOffline(bin: string, home: string): Variant {
  return {
    name: 'ARA, offline client',
    isPeer: true,
    environment: { HOME: home, ...araEnvironment(bin, home) },
    results: () => araResults(home)
  }
}

async function araHttp(bin: string, home: string): Promise<Variant> {
  const server = await startAra(bin, home)
  return {
    name: `ARA, http, ${ARA_THREADS} threads`,
    isPeer: true,
    environment: {
      HOME: home,
      ...araEnvironment(bin, home),
      ARA_API_CLIENT: 'http',
      ARA_API_SERVER: server.url,
      ARA_CALLBACK_THREADS: String(ARA_THREADS)
    },
    results: () => araResults(home),
    stop: server.stop
  }
}
