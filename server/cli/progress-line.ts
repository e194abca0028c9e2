import { print, type Surroundings } from './surroundings.ts'

const SHOWN_EVERY_MS = 200
const CLEAR_LINE = '\r\u001b[K'

/** One line on a terminal that tells how far the work is; elsewhere nothing. */
export interface ProgressLine {
  show(what: string, done: number, total: number | undefined): void
  /** Before anything else is printed. */
  clear(): Promise<void>
}

export function createProgressLine({ stderr }: Pick<Surroundings, 'stderr'>): ProgressLine {
  let shownAt = 0
  let isShown = false
  return {
    show(what, done, total) {
      const now = performance.now()
      if (stderr.isTTY !== true || now - shownAt < SHOWN_EVERY_MS) return
      shownAt = now
      isShown = true
      const of =
        total === undefined ? '' : ` of ${total} records (${Math.floor((100 * done) / Math.max(1, total))} %)`
      print(stderr, `${CLEAR_LINE}${what}: ${done}${of}`).catch(() => undefined)
    },
    async clear() {
      if (!isShown) return
      isShown = false
      await print(stderr, CLEAR_LINE)
    }
  }
}
