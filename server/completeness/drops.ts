import { firstRunId } from '../index/run-id.ts'
import type { EventPart } from '../index/store.ts'
import { limits } from '../limits.ts'
import { noRemarks, type Remarks, setOf } from './flaws.ts'
import type { Period } from './period.ts'
import { parseRange } from './ranges.ts'

type Dropped = Remarks['dropped']

/** What the senders of a period's runs gave up, as they tell it. */
export interface Drops {
  add(runId: string, spool: EventPart['spool']): void
  of(runId: string): Dropped
  /** There are more ranges of numbers than are kept: what was dropped may look as if it was missing. */
  isCut(): boolean
}

/** In bounded memory, also where many runs had thousands of drops. */
export function openDrops(
  { fromMs, toMs }: Period,
  rangesMax: number = limits.completenessDropRangesMax
): Drops {
  const [first, next] = [firstRunId(fromMs), firstRunId(toMs)]
  const dropped = new Map<string, Dropped>()
  let rangesKept = 0
  let isCut = false
  return {
    /** The numbers it names are not told as missing, so as many are told as dropped, however few it says there are. */
    add(runId, spool) {
      if (runId < first || runId >= next) return
      const known = dropped.get(runId) ?? noRemarks.dropped
      const more = setOf((spool?.sequences ?? []).flatMap((text) => parseRange(text) ?? []))
      // Joined at once: ranges that follow each other are one.
      const { ranges, rangesMore } = setOf([...known.ranges, ...more.ranges])
      const isTooMuch = rangesKept + ranges.length - known.ranges.length > rangesMax
      if (isTooMuch || rangesMore > 0) isCut = true
      const kept = isTooMuch ? known.ranges : ranges
      rangesKept += kept.length - known.ranges.length
      dropped.set(runId, {
        events: known.events + Math.max(spool?.events ?? 0, more.numbers),
        ranges: kept
      })
    },
    of: (runId) => dropped.get(runId) ?? noRemarks.dropped,
    isCut: () => isCut
  }
}
