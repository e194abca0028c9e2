import { limits } from '../../limits.ts'
import type { Pace } from './pace.ts'

/** One document to write. */
export interface Operation {
  id: string
  /** Index or data stream. */
  target: string
  /** The line that says what to do, and the line of the document. */
  action: string
  source: string
  /** Made once, in a data stream, and never changed: an event. */
  isAppend: boolean
  /** Set if it may have been sent before: the stream's write index then, or '' if nobody knows. */
  sentTo?: string
}

/** `present`: the document, or a later version of it, was there. `refused`: it can never be written as it is. */
export type Outcome = { kind: 'created' | 'present' } | { kind: 'refused'; reason: string }

/** An operation on its way. */
export interface Waiting {
  operation: Operation
  bytes: number
  /** Errors of the server's own, in answers in which others were taken, and in answers in which none was. */
  tries: number
  triesAlone: number
  /** Nobody waits for it any more. */
  isGone(): boolean
  settle(outcome: Outcome): void
}

/** Operations that wait for a request, in the order in which they came. */
export interface BulkQueue {
  readonly isEmpty: boolean
  add(waiting: readonly Waiting[]): void
  /** In front of all others: what was sent and has to be sent again waited longest. */
  putBack(waiting: readonly Waiting[]): void
  /** How long a request should wait for more to share it, in milliseconds; 0 or less: not at all. */
  gatherMs(): number
  /** What the next request takes. Without what nobody waits for any more, so perhaps nothing. */
  take(): Waiting[]
}

export function createBulkQueue(pace: Pace, now: () => number = () => performance.now()): BulkQueue {
  let queue: Waiting[] = []
  let queueBytes = 0
  let gatheredAt = 0

  return {
    get isEmpty() {
      return queue.length === 0
    },
    add(waiting) {
      if (queue.length === 0) gatheredAt = now() + limits.bulkGatherMsMax
      queue = queue.concat(waiting)
      queueBytes += bytesOf(waiting)
    },
    putBack(waiting) {
      queue = waiting.concat(queue)
      queueBytes += bytesOf(waiting)
      gatheredAt = 0
    },
    gatherMs() {
      const isFull = queue.length >= pace.operationsMax || queueBytes >= pace.bytesMax
      return isFull ? 0 : gatheredAt - now()
    },
    take() {
      let count = 0
      let bytes = 0
      for (const waiting of queue) {
        // One that is larger than a request may be goes alone.
        if (count > 0 && (count >= pace.operationsMax || bytes + waiting.bytes > pace.bytesMax)) break
        bytes += waiting.bytes
        count++
      }
      const taken = queue.splice(0, count)
      queueBytes -= bytes
      if (queue.length > 0) gatheredAt = now() + limits.bulkGatherMsMax
      return taken.filter((waiting) => !waiting.isGone())
    }
  }
}

export function bytesOf(waiting: readonly Waiting[]): number {
  return waiting.reduce((sum, { bytes }) => sum + bytes, 0)
}
