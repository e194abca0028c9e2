import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startServer } from '../support/server-process.ts'
import { measured } from './events.ts'
import { cacheFolder, filledFolder } from './query/folder.ts'
import { historyOf } from './query/history.ts'
import { settled } from './query/settled.ts'
import { median, spread } from './statistics.ts'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)
const SMALL = 500_000
const LARGE = 5_000_000

/** Taking in events on top of a journal, and of one ten times as large: alternating rounds, on copies of both, which are removed. */
export async function benchGrowth(): Promise<void> {
  const copies = [await copyOf(SMALL), await copyOf(LARGE)]
  const rounds: Awaited<ReturnType<typeof measured>>[][] = [[], []]
  try {
    // The first pair warms up, and is not counted: so is the index that a server has to make.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [at, copy] of copies.entries()) {
        const server = await startServer(copy)
        try {
          await settled(server)
          const result = await measured(server)
          if (round > 0) rounds[at]?.push(result)
        } finally {
          await server.stop()
        }
      }
    }
  } finally {
    for (const copy of copies) rmSync(copy, { recursive: true, force: true })
  }
  const [small = [], large = []] = rounds
  console.log(
    `  on top of ${SMALL} and of ${LARGE} events, ${ROUNDS} alternating rounds, median (range), growth:`
  )
  for (const name of ['perSecond', 'indexedPerSecond', 'p50', 'p99', 'rssMiB'] as const) {
    const of = (some: typeof small): number[] => some.map((round) => round[name])
    const growth = median(of(large)) / median(of(small))
    console.log(`  ${name.padEnd(17)}${spread(of(small), 1)}; ${spread(of(large), 1)}; ${growth.toFixed(2)}`)
  }
}

async function copyOf(events: number): Promise<string> {
  const { path } = await filledFolder(String(events), historyOf(events))
  const copy = mkdtempSync(join(cacheFolder, 'bench-growth-'))
  cpSync(path, copy, { recursive: true })
  return copy
}
