import { setTimeout as pause } from 'node:timers/promises'
import { limits } from '../../limits.ts'
import { statusOf } from './failures.ts'
import type { Asking } from './search.ts'

/** Makes what was written searchable. A key that must not waits: it becomes so by itself, after a second. */
export async function refreshed({ client, names, signal }: Asking): Promise<void> {
  try {
    const index = [names.events, names.runs]
    await client.indices.refresh({ index, ignore_unavailable: true }, { signal })
  } catch (error) {
    if (statusOf(error) !== 403) throw error
    await pause(limits.completenessSettleMs, undefined, { signal })
  }
}
