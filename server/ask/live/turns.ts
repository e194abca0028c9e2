import { limits } from '../../limits.ts'

/**
 * Lets others have the thread in between: all who take turns here have it together no longer than `liveTurnMs`, and
 * whoever waits longest is next.
 */
export class Turns {
  #begun = performance.now()
  readonly #waiting: (() => void)[] = []

  get isOver(): boolean {
    return this.#waiting.length > 0 || performance.now() - this.#begun >= limits.liveTurnMs
  }

  /** Resolves when requests have been answered, and it is the caller's turn. */
  async next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    if (this.#waiting.length === 1) setImmediate(() => this.#pass())
    await promise
  }

  #pass(): void {
    this.#begun = performance.now()
    this.#waiting.shift()?.()
    if (this.#waiting.length > 0) setImmediate(() => this.#pass())
  }
}
