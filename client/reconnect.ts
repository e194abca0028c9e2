import { setTimeout as pause } from 'node:timers/promises'
import { AnswerError, ProblemError, UnreachableError } from './errors.ts'
import { type Message, messagesIn } from './messages.ts'
import type { QueryValues } from './pages.ts'
import { type Asking, askedOf, type Server } from './request.ts'
import { textOf } from './stream.ts'

export interface StreamOptions {
  signal?: AbortSignal | undefined
  /** Id of the message after which to go on. */
  after?: string | undefined
  /** The connection was lost for this reason; the next try is in that many milliseconds. */
  onLost?: ((reason: string, pauseMs: number) => void) | undefined
  /** It is there again. */
  onFound?: (() => void) | undefined
  /** Time without a word of the server, whose heart beats, after which the connection counts as lost. */
  silenceMsMax?: number | undefined
}

/** Pause before the connection is tried again, doubled each time up to the second one. */
export const RECONNECT_PAUSE_MS = 500
export const RECONNECT_PAUSE_MS_MAX = 30_000
const SILENCE_MS_MAX = 60_000

/**
 * The messages of a stream that has no end, and goes on where it was after the connection was lost. Ends when
 * the signal is aborted. Rejects if the first connection fails, and when the server refuses for good.
 */
export async function* messagesOf(
  server: Server,
  path: string,
  query: QueryValues,
  { signal, after, onLost, onFound, silenceMsMax = SILENCE_MS_MAX }: StreamOptions
): AsyncGenerator<Message, void, undefined> {
  let last = after
  let wasThere = false
  let pauseMs = RECONNECT_PAUSE_MS
  const onOpen = (): void => {
    if (wasThere) onFound?.()
    wasThere = true
    pauseMs = RECONNECT_PAUSE_MS
  }
  const onId = (id: string): void => {
    last = id
  }
  while (!isAborted(signal)) {
    let reason = 'the server ended the stream'
    try {
      const headers = last === undefined ? undefined : { 'last-event-id': last }
      const asking = { method: 'GET', path, query, accept: 'text/event-stream', headers, signal }
      for await (const message of messagesIn(heard(server, asking, onOpen, silenceMsMax), onId)) {
        last = message.id ?? last
        yield message
      }
    } catch (error) {
      if (isAborted(signal)) return
      if (!wasThere || !mayPass(error)) throw error
      reason = reasonIn(error)
    }
    if (isAborted(signal)) return
    onLost?.(reason, pauseMs)
    // An aborted pause ends the loop.
    await pause(pauseMs, undefined, { signal }).catch(() => undefined)
    pauseMs = Math.min(pauseMs * 2, RECONNECT_PAUSE_MS_MAX)
  }
}

/** The pieces of the stream. A connection that nobody is at the other end of any more says nothing for ever. */
async function* heard(
  server: Server,
  asking: Asking,
  onOpen: () => void,
  silenceMsMax: number
): AsyncGenerator<string, void, undefined> {
  const silence = new AbortController()
  const reason = `nothing was heard for ${silenceMsMax / 1_000} s`
  const timer = setTimeout(() => silence.abort(new UnreachableError(askedOf(server), reason)), silenceMsMax)
  const either =
    asking.signal === undefined ? silence.signal : AbortSignal.any([asking.signal, silence.signal])
  try {
    for await (const piece of textOf(server, { ...asking, signal: either }, onOpen)) {
      timer.refresh()
      yield piece
    }
  } finally {
    clearTimeout(timer)
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

/** Nobody answers, or an error of the server or of a proxy before it: what a restart looks like from here. */
function mayPass(error: unknown): boolean {
  if (error instanceof ProblemError || error instanceof AnswerError) return (error.status ?? 0) >= 500
  return error instanceof UnreachableError
}

function reasonIn(error: unknown): string {
  if (error instanceof UnreachableError || error instanceof AnswerError) return error.reason
  return error instanceof Error ? error.message : String(error)
}
