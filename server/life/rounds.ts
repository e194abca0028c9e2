/** Work that is done in rounds, one after the other; what comes up meanwhile is for the next one. */
export interface Rounds {
  /** There is something to do: what came up last, or what failed. */
  readonly isDue: boolean
  /** Resolves when nothing is to be done any more, or a round failed: it is due then. */
  work(): Promise<void>
  /** The same, if anything is under way or due. */
  settled(): Promise<void>
}

/** `onFailure` is told of the first of several failures in a row. */
export function createRounds(round: () => Promise<void>, onFailure: (error: unknown) => void): Rounds {
  let isDue = false
  let isFailing = false
  let working: Promise<void> | undefined

  function work(): Promise<void> {
    isDue = true
    working ??= (async () => {
      try {
        while (isDue) {
          isDue = false
          await round()
        }
        isFailing = false
      } catch (error) {
        isDue = true
        if (!isFailing) onFailure(error)
        isFailing = true
      } finally {
        working = undefined
      }
    })()
    return working
  }

  return {
    get isDue() {
      return isDue
    },
    work,
    async settled() {
      await working
      if (isDue) await work()
    }
  }
}
