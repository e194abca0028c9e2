import { Agent, get, type IncomingMessage } from 'node:http'

/** Answers that take longer are no longer waited for. */
const ANSWER_MS_MAX = 60_000
/** Of a slow question. */
const REQUESTS_MIN = 3

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

/** What came of asking one question many times. */
export interface Samples {
  /** Milliseconds. */
  times: number[]
  bytes: number[]
  /** Refused answers, by code: a question that takes too long may be refused. */
  refused: Record<string, number>
}

export function noSamples(): Samples {
  return { times: [], bytes: [], refused: {} }
}

/**
 * Asks the questions one after the other, each by all of its paths, and adds what it saw to `samples`. Ends early when
 * `secondsMax` have passed, with a few answers at least. Resolves with false if there is no such route.
 */
export async function sample(
  ask: Connection['ask'],
  questions: readonly (readonly string[])[],
  samples: Samples,
  secondsMax: number
): Promise<boolean> {
  const until = performance.now() + secondsMax * 1_000
  for (const [at, paths] of questions.entries()) {
    if (at >= REQUESTS_MIN && performance.now() > until) break
    const started = performance.now()
    let size = 0
    for (const path of paths) {
      const { status, body } = await ask(path)
      size += body.length
      if (status === 200) continue
      const code = codeOf(body)
      if (code === 'route_not_found') return false
      samples.refused[code] = (samples.refused[code] ?? 0) + 1
    }
    samples.times.push(performance.now() - started)
    samples.bytes.push(size)
  }
  return true
}

function codeOf(body: Buffer): string {
  try {
    return JSON.parse(body.toString()).code ?? 'unknown'
  } catch {
    // A peer answers its errors as HTML.
    return 'unknown'
  }
}
