import { type DeadLetters, portionsOf } from '../index/dead-letters.ts'
import { firstRunId } from '../index/run-id.ts'
import { limits } from '../limits.ts'
import type { Period } from './period.ts'

const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?=:)/

/** How many events of a period the index refused, up to a limit: of its runs, and of no run but from that time. */
export function lettersInTheWay(letters: Pick<DeadLetters, 'list'>, { fromMs, toMs }: Period): number {
  const [first, next] = [firstRunId(fromMs), firstRunId(toMs)]
  let count = 0
  for (const portion of portionsOf(letters)) {
    for (const { event_id: id, first_refused: refused } of portion) {
      const run = RUN_ID.exec(id)?.[0]
      const isOfPeriod = run === undefined ? Date.parse(refused) >= fromMs : run >= first && run < next
      if (isOfPeriod) count++
      if (count >= limits.completenessRemarksMax) return count
    }
  }
  return count
}
