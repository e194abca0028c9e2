import type { Stage } from '../index/reconcile/comparison.ts'
import { print, type Surroundings } from './surroundings.ts'

const SHOWN_EVERY_MS = 200
const CLEAR_LINE = '\r\u001b[K'

/** One line on a terminal that tells how far the comparison is; elsewhere nothing. */
export function createReconcileProgress({ stderr }: Pick<Surroundings, 'stderr'>): {
  show(stage: Stage, done: number, total: number | undefined): void
  /** Before anything else is printed. */
  clear(): Promise<void>
} {
  let shownAt = 0
  let isShown = false
  return {
    show(stage, done, total) {
      const now = performance.now()
      if (stderr.isTTY !== true || now - shownAt < SHOWN_EVERY_MS) return
      shownAt = now
      isShown = true
      const of =
        total === undefined ? '' : ` of ${total} records (${Math.floor((100 * done) / Math.max(1, total))} %)`
      print(stderr, `${CLEAR_LINE}Comparing ${stage}: ${done}${of}`).catch(() => undefined)
    },
    async clear() {
      if (!isShown) return
      isShown = false
      await print(stderr, CLEAR_LINE)
    }
  }
}
