/** Records of the journal that are on their way: from `first` up to, but not including, `next`. */
export interface Range {
  readonly first: number
  readonly next: number
  /** When the first of them was received, in microseconds since 1970. */
  readonly receivedAt: number
}

/** How far a follower has come whose ranges may be done in any order. */
export interface Progress {
  /** Everything before this index is done; undefined until that is known. */
  readonly cursor: number | undefined
  /** The range on its way that began first. */
  readonly oldest: Range | undefined
  /** Everything before `cursor` is done, and nothing is on its way. */
  begin(cursor: number): void
  /** Ranges come in the order of the journal, each where the last one ended. */
  add(range: Range): void
  done(range: Range): void
  /** Resolves when everything before `index` is done; rejects if that is given up. */
  reached(index: number): Promise<void>
  giveUp(reason: Error): void
}

export function createProgress(): Progress {
  const begun: Range[] = []
  const ahead = new Set<Range>()
  const waiting = new Map<symbol, { index: number; resolve(): void; reject(reason: Error): void }>()
  let cursor: number | undefined
  let givenUp: Error | undefined

  function settle(): void {
    for (const [key, { index, resolve }] of waiting) {
      if (cursor !== undefined && index <= cursor && waiting.delete(key)) resolve()
    }
  }

  return {
    get cursor() {
      return cursor
    },
    get oldest() {
      return begun[0]
    },
    begin(start) {
      begun.length = 0
      ahead.clear()
      cursor = start
      settle()
    },
    add(range) {
      begun.push(range)
    },
    done(range) {
      ahead.add(range)
      for (let [oldest] = begun; oldest !== undefined && ahead.delete(oldest); [oldest] = begun) {
        cursor = oldest.next
        begun.shift()
      }
      settle()
    },
    reached(index) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      if (cursor !== undefined && index <= cursor) resolve()
      else if (givenUp !== undefined) reject(givenUp)
      else waiting.set(Symbol(), { index, resolve, reject })
      return promise
    },
    giveUp(reason) {
      givenUp = reason
      for (const { reject } of waiting.values()) reject(reason)
      waiting.clear()
    }
  }
}
