import type { Follower } from '../index/follower.ts'
import type { Store } from '../index/store.ts'
import { limits } from '../limits.ts'
import type { Period } from './period.ts'

/** What the index lacked of the journal when it was looked at. */
export interface Backlog {
  /** Undefined if the index could not be asked how far it is. */
  records: number | undefined
  /** When the oldest of them was received, in milliseconds since 1970. */
  sinceMs: number
}

interface Index {
  follower: Pick<Follower, 'idle' | 'lag' | 'lagSeconds'>
  store: Pick<Store, 'findable'>
  now(): number
}

/**
 * Waits until in the index can be found what the journal has now, no longer than `limits.completenessIndexMsMax`. Returns
 * what it lacks then; undefined if it has all. What the journal got in the meantime is not asked for.
 */
export async function untilIndexed(
  { follower, store, now }: Index,
  signal: AbortSignal
): Promise<Backlog | undefined> {
  signal.throwIfAborted()
  const late = AbortSignal.any([signal, AbortSignal.timeout(limits.completenessIndexMsMax)])
  const { promise: given, resolve } = Promise.withResolvers<boolean>()
  late.addEventListener('abort', () => resolve(false), { once: true })
  const indexed = follower.idle().then(
    () => true,
    // A follower that stops indexes nothing more: its lag says how far it came.
    () => false
  )
  const isIndexed = await Promise.race([indexed, given])
  signal.throwIfAborted()
  const backlog = isIndexed ? undefined : backlogOf(follower, now())
  await store.findable(signal)
  return backlog
}

function backlogOf(
  { lag, lagSeconds }: Pick<Follower, 'lag' | 'lagSeconds'>,
  nowMs: number
): Backlog | undefined {
  if (lag === 0) return undefined
  return { records: lag, sinceMs: lagSeconds > 0 ? nowMs - lagSeconds * 1_000 : Number.NEGATIVE_INFINITY }
}

/** In words, why a backlog keeps anything from being proved; undefined if it does not. */
export function lagOf(backlog: Backlog, { toMs }: Period, hasFlaws: boolean): string | undefined {
  const { records, sinceMs } = backlog
  if (records === undefined) return 'The index could not be asked yet how far it is. Ask again later.'
  // What waits has been received after the period. But it may be just what a run seems to lack.
  if (!hasFlaws && sinceMs >= toMs) return undefined
  return `The index has not got the newest ${records} records of the journal yet. Ask again later; GET /readyz tells what holds it up.`
}
