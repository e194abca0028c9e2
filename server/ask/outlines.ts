import type { Outline } from '../index/outline.ts'
import { type Run, resultStatuses, type Store } from '../index/store.ts'
import { limits } from '../limits.ts'

/** Puts runs together, and keeps some: whoever looks at a run asks for its plays, its tasks and its hosts. */
export interface Outlines {
  of(run: Run, signal: AbortSignal): Promise<Outline>
}

interface Kept {
  outline: Outline
  /** What the run had when it was put together. */
  state: string
  untilMs: number
}

export function keepOutlines(store: Pick<Store, 'outline'>, now: () => number): Outlines {
  // The one that was asked for last is the last.
  const kept = new Map<string, Kept>()

  return {
    async of(run, signal) {
      const { id } = run.run
      const known = kept.get(id)
      kept.delete(id)
      if (known !== undefined && known.state === stateOf(run) && now() < known.untilMs) {
        kept.set(id, known)
        return known.outline
      }
      const outline = await store.outline(id, signal)
      if (!isWhole(run, outline)) return outline
      kept.set(id, { outline, state: stateOf(run), untilMs: now() + limits.outlineKeptMs })
      const [oldest] = kept.keys()
      if (kept.size > limits.outlinesKeptMax && oldest !== undefined) kept.delete(oldest)
      return outline
    }
  }
}

function stateOf({ run, playtrail }: Run): string {
  return `${run.status} ${playtrail.events} ${playtrail.last_ingested}`
}

/** An index may tell of a run before all its events can be found. What is too large is not kept. */
function isWhole({ playtrail }: Run, { cells }: Outline): boolean {
  const results = resultStatuses.reduce((sum, status) => sum + playtrail.results[status], 0)
  return cells.host.length === results && results <= limits.outlineKeptResultsMax
}
