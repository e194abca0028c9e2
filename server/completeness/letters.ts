import type { Event } from '../event-types.ts'
import { type DeadLetter, type DeadLetters, portionsOf } from '../index/dead-letters.ts'
import { firstRunId } from '../index/run-id.ts'
import type { Journal } from '../journal/journal.ts'
import { limits } from '../limits.ts'
import { isWithin, type Period } from './period.ts'

const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?=:)/

interface Refusals {
  deadLetters: Pick<DeadLetters, 'list'>
  journal: Pick<Journal, 'find'>
}

/**
 * How many events of a period the index refused, up to a limit: of its runs, and of no run but from that time. The life of a
 * service tells of conflicts of other runs, so that its events are looked up in the journal.
 */
export async function lettersInTheWay(
  { deadLetters, journal }: Refusals,
  period: Period,
  signal: AbortSignal
): Promise<number> {
  const isOfPeriod = (id: string): boolean => {
    const run = RUN_ID.exec(id)?.[0]
    return run !== undefined && run >= firstRunId(period.fromMs) && run < firstRunId(period.toMs)
  }
  const lives = new Map<string, boolean>()
  const tellsOfPeriod = async ({ event_id: id, first_refused: refused }: DeadLetter): Promise<boolean> => {
    if (isOfPeriod(id)) return true
    const run = RUN_ID.exec(id)?.[0]
    if (run === undefined) return Date.parse(refused) >= period.fromMs
    if (lives.get(run) === false) return false
    signal.throwIfAborted()
    const event = eventIn((await journal.find(id))?.payload)
    // One that nobody can read may be about anything.
    if (event === undefined) return true
    lives.set(run, event.run?.kind === 'service')
    const { conflict, '@timestamp': at } = event
    return conflict !== undefined && (isOfPeriod(conflict.event_id) || isWithin(at, period))
  }
  let count = 0
  for (const portion of portionsOf(deadLetters)) {
    for (const letter of portion) {
      if (await tellsOfPeriod(letter)) count++
      if (count >= limits.completenessRemarksMax) return count
    }
  }
  return count
}

function eventIn(payload: Buffer | undefined): Event | undefined {
  try {
    return payload === undefined ? undefined : (JSON.parse(payload.toString('utf8')) as Event)
  } catch {
    return undefined
  }
}
