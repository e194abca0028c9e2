/** Records of the journal that are on their way: from `first` up to, but not including, `next`. */
export interface Range {
  readonly first: number
  readonly next: number
}

/** How far a follower has come whose ranges may be done in any order. */
export interface Progress {
  /** Everything before this index is done. */
  readonly cursor: number
  /** Ranges are begun in the order of the journal, each where the last one ended. */
  begin(range: Range): void
  done(range: Range): void
  /** Resolves when everything before `index` is done; rejects if that is given up. */
  reached(index: number): Promise<void>
  giveUp(reason: Error): void
}

export function createProgress(start: number): Progress {
  const begun: Range[] = []
  const ahead = new Set<Range>()
  const waiting = new Map<symbol, { index: number; resolve(): void; reject(reason: Error): void }>()
  let cursor = start
  let givenUp: Error | undefined

  return {
    get cursor() {
      return cursor
    },
    begin(range) {
      begun.push(range)
    },
    done(range) {
      ahead.add(range)
      for (let [oldest] = begun; oldest !== undefined && ahead.delete(oldest); [oldest] = begun) {
        cursor = oldest.next
        begun.shift()
      }
      for (const [key, { index, resolve }] of waiting) {
        if (index <= cursor && waiting.delete(key)) resolve()
      }
    },
    reached(index) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      if (index <= cursor) resolve()
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
