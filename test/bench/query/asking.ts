import { Agent, get, type IncomingMessage } from 'node:http'
import { quantile } from '../statistics.ts'

/** Answers that take longer are no longer waited for. */
const ANSWER_MS_MAX = 60_000

/** One connection that is kept open, as a page or a script would use it. */
export interface Connection {
  /** Resolves with the body when it is there to the end. */
  ask(path: string): Promise<Answer>
  close(): void
}

export interface Answer {
  status: number
  body: Buffer
}

export function connect(url: string): Connection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    async ask(path) {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const options = { agent, headers: { accept: 'application/json' }, timeout: ANSWER_MS_MAX }
        const request = get(new URL(path, url), options, resolve)
        request.on('error', reject)
        request.on('timeout', () =>
          request.destroy(new Error(`no answer to ${path} within ${ANSWER_MS_MAX} ms`))
        )
      })
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk)
      return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) }
    },
    close: () => agent.destroy()
  }
}

/** How long the answers to one question took, in milliseconds. */
export interface Latency {
  p50: number
  p95: number
  requests: number
  /** Bytes of an answer, the median. */
  bytes: number
  /** Refused answers, by code: a question that takes too long may be refused. */
  refused: Record<string, number>
}

/**
 * Asks the questions one after the other, the first of them twice: it warms up. Ends early when `secondsMax` have passed, with
 * three answers at least. Undefined if there is no such route.
 */
export async function latencyOf(
  ask: Connection['ask'],
  questions: readonly (readonly string[])[],
  secondsMax: number
): Promise<Latency | undefined> {
  const times: number[] = []
  const bytes: number[] = []
  const refused: Record<string, number> = {}
  const until = performance.now() + secondsMax * 1_000
  const [first = []] = questions
  for (const [at, paths] of [first, ...questions].entries()) {
    if (at > 3 && performance.now() > until) break
    const started = performance.now()
    let size = 0
    for (const path of paths) {
      const { status, body } = await ask(path)
      size += body.length
      if (status === 200) continue
      const code = codeOf(body)
      if (code === 'route_not_found') return undefined
      refused[code] = (refused[code] ?? 0) + 1
    }
    if (at === 0) continue
    times.push(performance.now() - started)
    bytes.push(size)
  }
  return {
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    requests: times.length,
    bytes: quantile(bytes, 0.5),
    refused
  }
}

function codeOf(body: Buffer): string {
  try {
    return JSON.parse(body.toString()).code ?? 'unknown'
  } catch {
    // A peer answers its errors as HTML.
    return 'unknown'
  }
}
