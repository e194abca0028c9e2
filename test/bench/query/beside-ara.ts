import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ndjson } from '../../support/events.ts'
import { startServer } from '../../support/server-process.ts'
import { type AraDatabase, fillAra, installAra, startAra } from '../ara.ts'
import { root } from '../playbook-cost.ts'
import { quantile } from '../statistics.ts'
import { type Connection, connect, noSamples, type Samples, sample } from './asking.ts'
import { smallEstate } from './estate.ts'
import { bytesOf, filledFolder } from './folder.ts'
import { type HistoryOptions, history } from './history.ts'
import { ms, row } from './latency.ts'
import { startPostgres } from './postgres.ts'
import { type Random, randomFrom } from './random.ts'
import { settled } from './settled.ts'

const RUNS = 100
const ROUNDS = 5
const REQUESTS_A_ROUND = 40
const ROUND_SECONDS_MAX = 10
const SEED = 18

/** A server that is asked. */
interface Peer {
  name: string
  connection: Connection
  isAra: boolean
  /** Names of its runs, of which the newest is the first. */
  runs: readonly string[]
  bytes: number
  stop(): Promise<unknown>
}

/** The same question to both; ARA's lists have 50 items here, as ours have. */
interface SharedQuestion {
  name: string
  playtrail(run: string, host: string): string[]
  ara(run: string, host: string): string[]
}

const questions: readonly SharedQuestion[] = [
  {
    name: 'run list',
    playtrail: () => ['/v1/runs?limit=50'],
    ara: () => ['/api/v1/playbooks?limit=50']
  },
  {
    name: 'run page: run and 100 results',
    playtrail: (run) => [`/v1/runs/${run}`, `/v1/runs/${run}/results?limit=100`],
    ara: (run) => [`/api/v1/playbooks/${run}`, `/api/v1/results?playbook=${run}&limit=100`]
  },
  {
    name: 'results of a host',
    playtrail: (_, host) => [`/v1/events?action=host.result&host=${host}&limit=50`],
    ara: (_, host) => [`/api/v1/results?host_name=${host}&limit=50`]
  },
  {
    name: 'results that failed',
    playtrail: () => ['/v1/events?action=host.result&status=failed&limit=50'],
    ara: () => ['/api/v1/results?status=failed&limit=50']
  },
  {
    name: 'host list',
    playtrail: () => ['/v1/hosts?limit=50'],
    ara: () => ['/api/v1/latesthosts?limit=50']
  },
  {
    name: 'task list',
    playtrail: () => ['/v1/tasks?limit=50'],
    ara: () => ['/api/v1/tasks?limit=50']
  }
]

/** Playtrail and ARA 1.8 asked the same of the same 100 runs of 1,000 results, in alternating rounds. */
export async function besideAra(): Promise<void> {
  const options: HistoryOptions = { events: Number.POSITIVE_INFINITY, runs: RUNS, estate: smallEstate() }
  const folder = mkdtempSync(join(tmpdir(), 'playtrail-bench-'))
  const peers: Peer[] = []
  try {
    const { results } = await startPeers(folder, options, peers)
    console.log(`\n  beside ARA: ${RUNS} runs, ${results} results`)
    print(await askInTurns(peers, options), peers)
    for (const { name, bytes } of peers)
      console.log(`  disk of ${name}: ${(bytes / results / 1_000).toFixed(2)} MB for each 1,000 results`)
  } finally {
    for (const peer of peers.reverse()) await peer.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function startPeers(
  folder: string,
  options: HistoryOptions,
  peers: Peer[]
): Promise<{ results: number }> {
  const filled = await filledFolder('ara-size', options)
  peers.push(await startPlaytrail(filled))
  const python = join(root, '.venv/bin/python')
  const bin = existsSync(python) ? installAra(python) : undefined
  if (bin === undefined) {
    console.log('  ARA is left out')
    return filled
  }
  const sqlite = join(folder, 'ara-sqlite')
  mkdirSync(sqlite)
  const database = join(sqlite, 'ansible.sqlite')
  peers.push(await startAraPeer('ARA, SQLite', bin, sqlite, {}, options, () => statSync(database).size))
  const postgres = await startPostgres()
  if (typeof postgres === 'string') {
    console.log(`  ARA on PostgreSQL is left out: ${postgres}`)
    return filled
  }
  try {
    const own = join(folder, 'ara-postgres')
    mkdirSync(own)
    const peer = await startAraPeer('ARA, PostgreSQL', bin, own, postgres.database, options, postgres.bytes)
    const stop = async (): Promise<void> => {
      await peer.stop()
      await postgres.stop()
    }
    peers.push({ ...peer, stop })
  } catch (error) {
    await postgres.stop()
    throw error
  }
  return filled
}

async function startPlaytrail(folder: { path: string }): Promise<Peer> {
  const server = await startServer(folder.path)
  await settled(server)
  const connection = connect(server.url)
  const { body } = await connection.ask(`/v1/runs?limit=${RUNS}`)
  const { items } = JSON.parse(body.toString()) as { items: { run: { id: string } }[] }
  const stop = async (): Promise<void> => {
    connection.close()
    await server.stop()
  }
  const bytes = Object.values(bytesOf(folder.path)).reduce((sum, part) => sum + part, 0)
  return { name: 'Playtrail', connection, isAra: false, runs: items.map(({ run }) => run.id), bytes, stop }
}

async function startAraPeer(
  name: string,
  bin: string,
  folder: string,
  database: AraDatabase,
  options: HistoryOptions,
  bytes: () => number
): Promise<Peer> {
  const started = performance.now()
  await fillAra(bin, folder, database, lines(options))
  console.log(`  ${name} was filled in ${((performance.now() - started) / 1_000).toFixed(0)} s`)
  const server = await startAra(bin, folder, database)
  const connection = connect(server.url)
  const { body } = await connection.ask(`/api/v1/playbooks?limit=${RUNS}`)
  const { results } = JSON.parse(body.toString()) as { results: { id: number }[] }
  const stop = async (): Promise<void> => {
    connection.close()
    await server.stop()
  }
  return { name, connection, isAra: true, runs: results.map(({ id }) => String(id)), bytes: bytes(), stop }
}

function* lines(options: HistoryOptions): Generator<string> {
  for (const events of history(options, 1_000)) yield ndjson(events)
}

type Asked = Map<SharedQuestion, Map<Peer, Samples | undefined>>

async function askInTurns(peers: readonly Peer[], { estate }: HistoryOptions): Promise<Asked> {
  const asked: Asked = new Map()
  const hosts = estate.hosts.map(({ name }) => name)
  for (const question of questions) {
    const ofPeer = new Map<Peer, Samples | undefined>(peers.map((peer) => [peer, noSamples()]))
    asked.set(question, ofPeer)
    const random = randomFrom(SEED)
    // The first round warms up, and is not counted.
    for (let round = 0; round <= ROUNDS; round++) {
      const subjects = Array.from({ length: REQUESTS_A_ROUND }, () => drawn(random, hosts))
      for (const peer of round % 2 === 0 ? peers : [...peers].reverse()) {
        const into = round === 0 ? noSamples() : ofPeer.get(peer)
        if (into !== undefined && !(await askPeer(peer, question, subjects, into)))
          ofPeer.set(peer, undefined)
      }
    }
  }
  return asked
}

/** Resolves with false if it has no answer to such a question. */
async function askPeer(
  { isAra, runs, connection }: Peer,
  question: SharedQuestion,
  subjects: readonly Subject[],
  samples: Samples
): Promise<boolean> {
  const paths = subjects.map(({ run, host }) => question[isAra ? 'ara' : 'playtrail'](runs[run] ?? '', host))
  return await sample(connection.ask, paths, samples, ROUND_SECONDS_MAX)
}

interface Subject {
  /** Which run, counted from the newest. */
  run: number
  host: string
}

function drawn(random: Random, hosts: readonly string[]): Subject {
  return { run: random.integer(0, RUNS - 1), host: random.pick(hosts) }
}

function print(asked: Asked, peers: readonly Peer[]): void {
  console.log(
    `  milliseconds, ${ROUNDS} alternating rounds of ${REQUESTS_A_ROUND} requests on one connection; × is p50 to ours`
  )
  console.log(
    row(
      '',
      peers.flatMap(({ name, isAra }) => [
        `p50 ${name.replace('ARA, ', '')}`,
        'p95',
        'kB',
        ...(isAra ? ['×'] : [])
      ])
    )
  )
  for (const [question, ofPeer] of asked) {
    const [ours] = [...ofPeer.values()]
    const cells = peers.flatMap((peer) => {
      const samples = ofPeer.get(peer)
      const kB = samples === undefined ? '-' : (quantile(samples.bytes, 0.5) / 1_000).toFixed(1)
      const ratio =
        ours === undefined || samples === undefined
          ? '-'
          : (quantile(samples.times, 0.5) / quantile(ours.times, 0.5)).toFixed(1)
      const refused = Object.entries(samples?.refused ?? {}).map(([code, count]) => `${count} × ${code}`)
      return [ms(samples, 0.5), ms(samples, 0.95), kB, ...(peer.isAra ? [ratio] : []), ...refused]
    })
    console.log(row(question.name, cells))
  }
}
