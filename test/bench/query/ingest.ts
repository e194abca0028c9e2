import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type ServerProcess, startServer } from '../../support/server-process.ts'
import { ready, runLoad } from '../events.ts'
import { median, quantile, spread } from '../statistics.ts'
import { connect, noSamples, type Samples, sample } from './asking.ts'
import { estate } from './estate.ts'
import { cacheFolder, type FilledFolder } from './folder.ts'
import { asked, questions, subjectsOf } from './questions.ts'
import { settled } from './settled.ts'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 4)
const SECONDS = Number(process.env.BENCH_SECONDS ?? 10)
/** What several people and a dashboard may ask for together. */
const QUESTIONS_A_SECOND = 10
const QUESTION_SECONDS_MAX = 60

interface Round {
  acknowledged: number
  indexed: number
}

/**
 * Events taken in a second while questions are asked, beside the same without them: on a copy of the folder, which is removed. Each
 * round begins with an index that has everything, and a server that rests.
 */
export async function measureIngest(folder: FilledFolder): Promise<void> {
  const copy = mkdtempSync(join(cacheFolder, 'bench-query-ingest-'))
  cpSync(folder.path, copy, { recursive: true })
  const server = await startServer(copy)
  try {
    const quiet: Round[] = []
    const asking: Round[] = []
    const samples = noSamples()
    // The first pair warms up, and is not counted.
    for (let round = 0; round <= ROUNDS; round++) {
      const into = round === 0 ? noSamples() : samples
      const isTurned = round % 2 === 1
      await settled(server, { isQuiet: true })
      const first = isTurned ? await roundAsking(server, into) : await oneRound(server)
      await settled(server, { isQuiet: true })
      const second = isTurned ? await oneRound(server) : await roundAsking(server, into)
      if (round === 0) continue
      quiet.push(isTurned ? second : first)
      asking.push(isTurned ? first : second)
    }
    print(folder, quiet, asking, samples)
  } finally {
    await server.stop()
    rmSync(copy, { recursive: true, force: true })
  }
}

async function oneRound({ url }: ServerProcess): Promise<Round> {
  const before = await ready(url)
  const started = performance.now()
  const { perSecond } = await runLoad(url, SECONDS)
  const { journal, index } = await ready(url)
  const seconds = (performance.now() - started) / 1_000
  const indexedPerSecond = (journal.end - index.lag - before.journal.end) / seconds
  return { acknowledged: perSecond, indexed: indexedPerSecond }
}

/** The pages, one after the other, at an even pace as long as the index keeps up with it. */
async function roundAsking(server: ServerProcess, samples: Samples): Promise<Round> {
  const connection = connect(server.url)
  const ended = new AbortController()
  const ask = async (): Promise<void> => {
    const subjects = await subjectsOf(connection.ask, estate())
    const pages = questions.filter(({ reachMs }) => reachMs === 50)
    const paths = pages.map((question) => asked(question, subjects, ROUNDS * SECONDS))
    let next = performance.now()
    for (let count = 0; !ended.signal.aborted; count++) {
      const ofPage = paths[count % paths.length] ?? []
      const one = ofPage[Math.floor(count / paths.length) % ofPage.length] ?? []
      await sample(connection.ask, [one], samples, QUESTION_SECONDS_MAX)
      next = Math.max(next + 1_000 / QUESTIONS_A_SECOND, performance.now())
      await pause(Math.max(0, next - performance.now()))
    }
  }
  const asking = ask()
  try {
    return await oneRound(server)
  } finally {
    ended.abort()
    await asking
    connection.close()
  }
}

function print(
  { events }: FilledFolder,
  quiet: readonly Round[],
  asking: readonly Round[],
  samples: Samples
): void {
  const of = (rounds: readonly Round[], name: keyof Round): number[] => rounds.map((round) => round[name])
  const ratio = (name: keyof Round): string => (median(of(asking, name)) / median(of(quiet, name))).toFixed(2)
  console.log(
    `\n  events taken in a second, ${ROUNDS} alternating pairs of rounds of ${SECONDS} s, on top of ${(events / 1e6).toFixed(2)} M events: median (range)`
  )
  for (const name of ['acknowledged', 'indexed'] as const) {
    console.log(
      `  ${name.padEnd(14)}${spread(of(quiet, name))}; with ${QUESTIONS_A_SECOND} questions a second ${spread(of(asking, name))}; ratio ${ratio(name)}`
    )
  }
  const [p50, p95] = [0.5, 0.95].map((share) => quantile(samples.times, share).toFixed(1))
  console.log(`  the ${samples.times.length} questions meanwhile: p50 ${p50} ms, p95 ${p95} ms`)
}
