import { AnswerError } from './errors.ts'
import type { QueryValues } from './pages.ts'
import { messagesOf, type StreamOptions } from './reconnect.ts'
import { askedOf, parseObject, type Server } from './request.ts'
import type { IndexedEvent, Run } from './types.ts'

/** What GET /v1/live says. `id` is where to go on after it. */
export type LiveMessage = { id: string | undefined } & (
  | { event: 'run.started' | 'run.progress' | 'run.ended'; data: Run }
  /** An event that the query finds. */
  | { event: 'event'; data: IndexedEvent }
  /** The stream could not go on where it was: what happened meanwhile is not told. */
  | { event: 'reset'; data: { reason: string } }
)

const told: ReadonlySet<string> = new Set<LiveMessage['event']>([
  'run.started',
  'run.progress',
  'run.ended',
  'event',
  'reset'
])

/** What happens, as it happens, for as long as the signal is not aborted; goes on after the connection was lost. */
export async function* liveOf(
  server: Server,
  query: QueryValues,
  options: StreamOptions
): AsyncGenerator<LiveMessage, void, undefined> {
  for await (const { id, event, data } of messagesOf(server, 'v1/live', query, options)) {
    // A newer server may have more to say.
    if (!told.has(event)) continue
    const document = parseObject(data)
    if (document === undefined) throw new AnswerError(askedOf(server), 'a message of it is no JSON')
    yield { id, event, data: document } as LiveMessage
  }
}
