import type { Follower } from '../index/follower.ts'
import type { Store } from '../index/store.ts'
import { limits } from '../limits.ts'
import type { Period } from './remarks.ts'

/** Waits until in the index can be found what the journal has now; no longer than `limits.completenessIndexMsMax`. */
export async function untilIndexed(
  { follower, store }: { follower: Pick<Follower, 'idle'>; store: Pick<Store, 'findable'> },
  signal: AbortSignal
): Promise<void> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(limits.completenessIndexMsMax)])
  const { promise: given, resolve } = Promise.withResolvers<void>()
  late.addEventListener('abort', () => resolve(), { once: true })
  // A follower that stops indexes nothing more: how far it came says lagOf.
  await Promise.race([follower.idle().catch(() => undefined), given])
  signal.throwIfAborted()
  await store.findable(signal)
}

/** In words, how much of the period the index may not have; undefined if it has all. */
export function lagOf(
  { lag, lagSeconds }: Pick<Follower, 'lag' | 'lagSeconds'>,
  { toMs }: Period,
  nowMs: number
): string | undefined {
  if (lag === undefined) return 'The index could not be asked yet how far it is. Ask again later.'
  // What waits has been received after the period.
  if (lag === 0 || (lagSeconds > 0 && nowMs - lagSeconds * 1_000 >= toMs)) return undefined
  return `The index has not got the newest ${lag} records of the journal yet. Ask again later; GET /readyz tells what holds it up.`
}
