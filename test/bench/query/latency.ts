import { startServer } from '../../support/server-process.ts'
import { quantile } from '../statistics.ts'
import { connect, noSamples, type Samples, sample } from './asking.ts'
import { type Estate, estate } from './estate.ts'
import { bytesOf, type FilledFolder } from './folder.ts'
import { asked, type Question, questions, subjectsOf } from './questions.ts'
import { settled } from './settled.ts'

const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 200)
/** A question that is slow is asked less often. */
const QUESTION_SECONDS_MAX = 20

export interface Measured {
  folder: FilledFolder
  latencies: ReadonlyMap<Question, Samples | undefined>
}

/** Asks a server on the folder all questions, once its index has everything and it rests. */
export async function measureLatencies(folder: FilledFolder): Promise<Measured> {
  const server = await startServer(folder.path)
  try {
    await settled(server)
    const latencies = await askAll(server.url, estate(), questions)
    return { folder, latencies }
  } finally {
    await server.stop()
  }
}

async function askAll(
  url: string,
  about: Estate,
  wanted: readonly Question[]
): Promise<Map<Question, Samples | undefined>> {
  const connection = connect(url)
  try {
    const subjects = await subjectsOf(connection.ask, about)
    const latencies = new Map<Question, Samples | undefined>()
    for (const question of wanted) {
      const paths = asked(question, subjects, REQUESTS)
      // The first one warms up.
      await sample(connection.ask, paths.slice(0, 1), noSamples(), QUESTION_SECONDS_MAX)
      const samples = noSamples()
      const isThere = await sample(connection.ask, paths, samples, QUESTION_SECONDS_MAX)
      latencies.set(question, isThere ? samples : undefined)
    }
    return latencies
  } finally {
    connection.close()
  }
}

/** One line a question, the sizes side by side. */
export function printLatencies(measured: readonly Measured[]): void {
  const sizes = measured.map(({ folder }) => `${(folder.events / 1e6).toFixed(2)} M`)
  console.log(
    `\n  milliseconds of ${REQUESTS} requests each on one connection, fewer where they take more than ${QUESTION_SECONDS_MAX} s in all`
  )
  console.log(row('', [...sizes.flatMap((size) => [`p50 ${size}`, 'p95']), 'growth', 'to reach', 'kB']))
  for (const question of questions) {
    const each = measured.map(({ latencies }) => latencies.get(question))
    if (each.every((latency) => latency === undefined)) continue
    const last = each.at(-1)
    console.log(
      row(question.name, [
        ...each.flatMap((samples) => [ms(samples, 0.5), ms(samples, 0.95)]),
        growth(each[0], last),
        reached(question, last),
        last === undefined ? '' : (quantile(last.bytes, 0.5) / 1_000).toFixed(1)
      ]) + remarks(last)
    )
  }
  const absent = questions.filter((question) =>
    measured.every(({ latencies }) => latencies.get(question) === undefined)
  )
  if (absent.length > 0) console.log(`  no such route: ${absent.map(({ name }) => name).join(', ')}`)
}

export function ms(samples: Samples | undefined, share: number): string {
  return samples === undefined ? '-' : quantile(samples.times, share).toFixed(1)
}

function growth(first: Samples | undefined, last: Samples | undefined): string {
  if (first === undefined || last === undefined || first === last) return ''
  return (quantile(last.times, 0.95) / quantile(first.times, 0.95)).toFixed(1)
}

function reached({ reachMs }: Question, samples: Samples | undefined): string {
  if (reachMs === undefined || samples === undefined) return ''
  return `${reachMs} ${quantile(samples.times, 0.95) <= reachMs ? 'yes' : 'NO'}`
}

function remarks(samples: Samples | undefined): string {
  if (samples === undefined) return ''
  const refused = Object.entries(samples.refused).map(([code, count]) => `${count} × ${code}`)
  const fewer = samples.times.length < REQUESTS ? [`${samples.times.length} requests`] : []
  return [...fewer, ...refused].map((remark) => `  ${remark}`).join('')
}

export function row(name: string, cells: readonly string[]): string {
  return `  ${name.padEnd(36)}${cells.map((cell) => `  ${cell.padStart(12)}`).join('')}`
}

/** Bytes on disk for each 1,000 results of hosts. */
export function printDisk({ path, results }: FilledFolder): void {
  const parts = Object.entries(bytesOf(path)).filter(([, bytes]) => bytes > 0)
  const each = parts.map(([name, bytes]) => `${name} ${(bytes / results / 1_000).toFixed(2)}`)
  const all = parts.reduce((sum, [, bytes]) => sum + bytes, 0)
  console.log(
    `\n  disk, MB for each 1,000 of ${results} results: ${each.join(', ')}, in all ${(all / results / 1_000).toFixed(2)}`
  )
}
