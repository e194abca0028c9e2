import type { Logger } from 'pino'

const MINUTE_MS = 60_000

/** Records what others can make happen as often as they like: so many a minute, and how many more there were. */
export interface PerMinute<Item> {
  /** Resolves when the item is on disk, or counted. Rejects if it could not be recorded: it is counted then. */
  add(item: Item): Promise<void>
  /** Records what was only counted so far. */
  close(): Promise<void>
}

export interface PerMinuteOptions<Item> {
  perMinuteMax: number
  /** `suppressed`: how many further ones are told with this one. */
  record(item: Item, suppressed: number): Promise<void>
  log: Pick<Logger, 'error'>
}

export function recordPerMinute<Item>({
  perMinuteMax,
  record,
  log
}: PerMinuteOptions<Item>): PerMinute<Item> {
  let minute: NodeJS.Timeout | undefined
  let recorded = 0
  let counted: { last: Item; count: number } | undefined

  const count = (last: Item, more = 1): void => {
    counted = { last: counted?.last ?? last, count: (counted?.count ?? 0) + more }
  }
  const endMinute = async (): Promise<void> => {
    clearTimeout(minute)
    minute = undefined
    recorded = 0
    const told = counted
    counted = undefined
    if (told === undefined) return
    try {
      await record(told.last, told.count - 1)
    } catch (error) {
      log.error(
        { err: error, count: told.count },
        'what was only counted could not be recorded; the next minute tries again'
      )
      count(told.last, told.count)
      minute ??= setTimeout(() => void endMinute(), MINUTE_MS)
    }
  }

  return {
    async add(item) {
      minute ??= setTimeout(() => void endMinute(), MINUTE_MS)
      if (recorded >= perMinuteMax) {
        counted = { last: item, count: (counted?.count ?? 0) + 1 }
        return
      }
      recorded += 1
      try {
        await record(item, 0)
      } catch (error) {
        count(item)
        throw error
      }
    },
    async close() {
      await endMinute()
      clearTimeout(minute)
    }
  }
}
