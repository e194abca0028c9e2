import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startServer } from '../support/server-process.ts'
import { spread } from './statistics.ts'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)
const SECONDS = Number(process.env.BENCH_SECONDS ?? 15)
const CONNECTIONS = 8
const EVENTS_A_BATCH = 100
const SAMPLE_EVERY_MS = 250

interface Round {
  perSecond: number
  indexedPerSecond: number
  p50: number
  p99: number
  max: number
  rssMiB: number
  lagAtEnd: number
  unsealedAtEnd: number
  catchUpSeconds: number
}

/** Events acknowledged a second, validated, on disk, with the index following; the generator on the same cores. */
export async function benchEvents(): Promise<void> {
  const rounds: Round[] = []
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push(await oneRound())
    const last = rounds.at(-1)
    if (last !== undefined) console.log(`  round ${round + 1}: ${describeRound(last)}`)
  }
  const of = (name: keyof Round, digits = 0): string =>
    spread(
      rounds.map((round) => round[name]),
      digits
    )
  console.log(
    `  ${CONNECTIONS} connections × ${EVENTS_A_BATCH} events of 1 KB, ${SECONDS} s, ${ROUNDS} rounds, median (range):`
  )
  console.log(`  acknowledged a second   ${of('perSecond')}`)
  console.log(`  indexed a second        ${of('indexedPerSecond')}`)
  console.log(`  p50 of one batch, ms    ${of('p50', 1)}`)
  console.log(`  p99 of one batch, ms    ${of('p99', 1)}`)
  console.log(`  memory of the server    ${of('rssMiB')} MiB at most`)
  console.log(`  unsealed at the end     ${of('unsealedAtEnd')} events`)
  console.log(
    `  index behind at the end ${of('lagAtEnd')} events, caught up after ${of('catchUpSeconds', 1)} s`
  )
}

async function oneRound(): Promise<Round> {
  const dataDir = mkdtempSync(join(tmpdir(), 'playtrail-bench-'))
  const server = await startServer(dataDir)
  try {
    let rssMiB = 0
    const sampling = setInterval(() => {
      rssMiB = Math.max(rssMiB, residentMiB(server.pid))
    }, SAMPLE_EVERY_MS)
    const started = performance.now()
    const load = await runLoad(server.url, SECONDS)
    const ended = performance.now()
    const { journal, log, index } = await ready(server.url)
    while ((await ready(server.url)).index.lag > 0) await pause(10)
    const caughtUp = performance.now()
    clearInterval(sampling)
    return {
      ...load,
      rssMiB,
      lagAtEnd: index.lag,
      unsealedAtEnd: log.behind,
      indexedPerSecond: (journal.end - index.lag) / ((ended - started) / 1_000),
      catchUpSeconds: (caughtUp - ended) / 1_000
    }
  } finally {
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** Sends events for so many seconds, from a process of its own. */
export async function runLoad(
  url: string,
  seconds: number
): Promise<Pick<Round, 'perSecond' | 'p50' | 'p99' | 'max'>> {
  const path = fileURLToPath(new URL('load.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    [path, url, String(seconds), String(CONNECTIONS), String(EVENTS_A_BATCH)],
    {
      stdio: ['ignore', 'pipe', 'inherit']
    }
  )
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

function describeRound({ perSecond, p50, p99, max, rssMiB, lagAtEnd }: Round): string {
  return `${perSecond.toFixed(0)} events/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(0)} ms, ${rssMiB.toFixed(0)} MiB, index behind by ${lagAtEnd}`
}
