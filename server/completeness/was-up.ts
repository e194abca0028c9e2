import type { Store } from '../index/store.ts'
import type { Examined } from './examine.ts'

/** Whoever recorded anything at all in a period was up in it. */
export function hasRecorded(store: Pick<Store, 'events'>): Examined['wasUp'] {
  return async (period, signal) => {
    const { items } = await store.events({ ...period, order: 'desc', limit: 1 }, signal)
    return items.length > 0
  }
}
