/** What was opened, each with the way to close it. */
export interface Closing {
  add(close: () => unknown): void
  /**
   * In the reverse order of opening: what follows the journal ends before it. Each is closed whatever the others do, and no one twice.
   * Rejects with the first failure.
   */
  closeAll(): Promise<void>
}

export function createClosing(): Closing {
  const opened: (() => unknown)[] = []
  return {
    add(close) {
      opened.push(close)
    },
    async closeAll() {
      const failures: unknown[] = []
      for (const close of opened.splice(0).reverse()) {
        try {
          await close()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw failures[0]
    }
  }
}
