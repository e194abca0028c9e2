import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { spread } from './statistics.ts'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)
const SECONDS = Number(process.env.BENCH_SECONDS ?? 15)
const CONNECTIONS = 8
const EVENTS_A_BATCH = 100
const SAMPLE_EVERY_MS = 250
/** What is to be acknowledged, sealed and indexed at an even pace. */
const PACE = Number(process.env.BENCH_PACE ?? 25_000)

interface Load {
  perSecond: number
  p50: number
  p99: number
  max: number
}

interface Round extends Load {
  indexedPerSecond: number
  rssMiB: number
  lagAtEnd: number
  unsealedAtEnd: number
  catchUpSeconds: number
}

/**
 * Events acknowledged a second, validated, on disk, with sealing and indexing following; the generator on the same cores. Once as
 * fast as they are answered, and once at an even pace, at which whoever follows has to keep up. Each round has a service
 * and a folder of its own.
 */
export async function benchEvents(): Promise<void> {
  const rounds: { free: Round[]; paced: Round[] } = { free: [], paced: [] }
  for (let round = 0; round < ROUNDS; round++) {
    rounds.paced.push(await oneRound(PACE))
    rounds.free.push(await oneRound())
    console.log(`  round ${round + 1}, paced: ${described(rounds.paced.at(-1))}`)
    console.log(`  round ${round + 1}, free:  ${described(rounds.free.at(-1))}`)
  }
  console.log(
    `  ${CONNECTIONS} connections × ${EVENTS_A_BATCH} events of 1.1 KB, ${SECONDS} s, ${ROUNDS} rounds, median (range):`
  )
  for (const [name, unit, digits] of rows) {
    const of = (some: readonly Round[]): string =>
      spread(
        some.map((round) => round[name]),
        digits
      )
    console.log(`  ${unit.padEnd(32)} at ${PACE} a second ${of(rounds.paced)}; free ${of(rounds.free)}`)
  }
}

const rows: [name: keyof Round, unit: string, digits: number][] = [
  ['perSecond', 'acknowledged a second', 0],
  ['indexedPerSecond', 'indexed a second, meanwhile', 0],
  ['p50', 'p50 of one batch, ms', 1],
  ['p99', 'p99 of one batch, ms', 1],
  ['rssMiB', 'memory of the server at most, MiB', 0],
  ['unsealedAtEnd', 'not sealed at the end, events', 0],
  ['lagAtEnd', 'not indexed at the end, events', 0],
  ['catchUpSeconds', 'all indexed after, s', 1]
]

async function oneRound(perSecond?: number): Promise<Round> {
  const dataDir = mkdtempSync(join(tmpdir(), 'playtrail-bench-'))
  const server = await startServer(dataDir)
  try {
    return await measured(server, perSecond)
  } finally {
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** One load on a server, until everything is indexed. */
export async function measured({ url, pid }: ServerProcess, perSecond?: number): Promise<Round> {
  let rssMiB = 0
  const sampling = setInterval(() => {
    rssMiB = Math.max(rssMiB, residentMiB(pid))
  }, SAMPLE_EVERY_MS)
  const before = await ready(url)
  const started = performance.now()
  const load = await runLoad(url, SECONDS, perSecond)
  const ended = performance.now()
  const { journal, log, index } = await ready(url)
  while ((await ready(url)).index.lag > 0) await pause(10)
  const caughtUp = performance.now()
  clearInterval(sampling)
  return {
    ...load,
    rssMiB,
    lagAtEnd: index.lag,
    unsealedAtEnd: log.behind,
    indexedPerSecond: (journal.end - index.lag - before.journal.end) / ((ended - started) / 1_000),
    catchUpSeconds: (caughtUp - ended) / 1_000
  }
}

/** Sends events for so many seconds, from a process of its own; at an even pace if one is given. */
export async function runLoad(url: string, seconds: number, perSecond?: number): Promise<Load> {
  const path = fileURLToPath(new URL('load.ts', import.meta.url))
  const values = [seconds, CONNECTIONS, EVENTS_A_BATCH, ...(perSecond === undefined ? [] : [perSecond])]
  const child = spawn(process.execPath, [path, url, ...values.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  await new Promise<void>((resolve, reject) => {
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`the load generator ended with ${code}`))
    )
  })
  return JSON.parse(output)
}

export interface Readiness {
  journal: { end: number }
  log: { behind: number }
  index: { lag: number }
}

export async function ready(url: string): Promise<Readiness> {
  return (await (await fetch(`${url}/readyz`)).json()) as Readiness
}

/** Memory of a process that is not swapped out. */
export function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib ?? 0) / 1_024
}

function described(round: Round | undefined): string {
  if (round === undefined) return ''
  const { perSecond, p50, p99, max, rssMiB, lagAtEnd } = round
  return `${perSecond.toFixed(0)} events/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(0)} ms, ${rssMiB.toFixed(0)} MiB, index behind by ${lagAtEnd}`
}
