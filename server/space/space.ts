import { statfs } from 'node:fs/promises'
import { Problem } from '../errors.ts'
import type { Room } from '../journal/commits.ts'

const MIB = 1024 * 1024

/** Whether new events are taken: what the journal asks before each commit. The watch looks at the disk. */
export class Space implements Room {
  /** Bytes that are free, as it was last looked at. */
  freeBytes: number | undefined
  #isFull = false
  #refused = 0
  readonly #keepFreeBytes: number

  constructor(keepFreeBytes: number) {
    this.#keepFreeBytes = keepFreeBytes
  }

  get isFull(): boolean {
    return this.#isFull
  }

  get isBelowReserve(): boolean {
    return this.freeBytes !== undefined && this.freeBytes < this.#keepFreeBytes
  }

  /** True if there are so many bytes beyond what is kept free. */
  hasBeyond(bytes: number): boolean {
    return this.freeBytes !== undefined && this.freeBytes >= this.#keepFreeBytes + bytes
  }

  refusal(events = 0): Problem | undefined {
    if (!this.#isFull) return undefined
    this.#refused += events
    return new Problem(
      'journal_full',
      `${this.describe()} Free some space. Send the batch again later; what is kept already counts as duplicate.`
    )
  }

  onFull(): void {
    this.#isFull = true
  }

  /** New events that were refused since it was full. */
  get refusedEvents(): number {
    return this.#refused
  }

  /** Takes new events again. */
  resume(): void {
    this.#isFull = false
    this.#refused = 0
  }

  describe(): string {
    const free = this.freeBytes === undefined ? '?' : Math.floor(this.freeBytes / MIB)
    return this.isBelowReserve
      ? `${free} MiB are free on the disk of the data folder, less than the ${this.#keepFreeBytes / MIB} MiB of --disk-reserve.`
      : `The disk of the data folder is full (${free} MiB are free).`
  }
}

/** What is left on the disk of a folder for programs that are not root. */
export async function freeBytesOf(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize
}
