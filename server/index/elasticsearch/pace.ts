import { limits } from '../../limits.ts'

/** How much is sent at once, and how long to wait after a failure: found out while sending. */
export interface Pace {
  /** Requests that may be under way at once. */
  readonly requestsMax: number
  /** Operations and bytes of one request. */
  readonly operationsMax: number
  readonly bytesMax: number
  /** A request was taken whole. */
  succeeded(): void
  /** Elasticsearch cannot take so much, or does not answer. Returns how long to wait, in milliseconds. */
  failed(): number
  /** A request of this size was too large. */
  tooLarge(bytes: number): void
}

/**
 * Additive increase, multiplicative decrease, as TCP does (RFC 5681); waits are drawn evenly from zero to a
 * limit that doubles ("full jitter"), so that many servers do not come back at the same moment.
 */
export function createPace(random: () => number = Math.random): Pace {
  let requestsMax: number = limits.bulkRequestsStart
  let bytesMax: number = limits.bulkBytesMax
  /** What Elasticsearch said is too large for it, halved: it never grows again. */
  let bytesTaken: number = limits.bulkBytesMax
  let failures = 0
  let successes = 0

  return {
    get requestsMax() {
      return requestsMax
    },
    // Fewer bytes are enough: were it fewer documents too, one that is too large would make them one by one.
    operationsMax: limits.bulkOperationsMax,
    get bytesMax() {
      return bytesMax
    },
    succeeded() {
      failures = 0
      successes++
      bytesMax = Math.min(bytesTaken, bytesMax * 2)
      if (successes < limits.bulkSuccessesBeforeMore || requestsMax >= limits.bulkRequestsMax) return
      successes = 0
      requestsMax++
    },
    failed() {
      successes = 0
      // A single request can be more than a busy server takes, so that sending it again would never help.
      if (requestsMax === 1)
        bytesMax = Math.min(bytesMax, Math.max(limits.bulkBytesMin, Math.floor(bytesMax / 2)))
      requestsMax = Math.max(1, Math.floor(requestsMax / 2))
      const longest = Math.min(limits.bulkRetryDelayMsMax, limits.bulkRetryDelayMs * 2 ** failures)
      failures++
      return Math.ceil(random() * longest)
    },
    tooLarge(bytes) {
      bytesTaken = Math.max(1, Math.min(bytesTaken, Math.floor(bytes / 2)))
      bytesMax = Math.min(bytesMax, bytesTaken)
    }
  }
}
