import { limits } from '../../limits.ts'
import type { Outcome, Waiting } from './bulk-queue.ts'

/** One item of the answer to a bulk request, as far as we ask for it. */
export interface BulkItem {
  _index?: string
  status: number
  error?: { type?: string; reason?: string; caused_by?: { type?: string; reason?: string } }
  failure_store?: string
}

/**
 * What became of an operation. `present`: its document, or a later version, was there already. `again`: it may
 * succeed when it is sent again. `refused`: it never will, as it is.
 */
export type Verdict =
  | { kind: 'created' | 'present' }
  | { kind: 'again'; reason: string }
  | { kind: 'refused'; reason: string }

/**
 * Statuses below 500 that say nothing against the document: a key that lacks a right or a block on the index
 * (401, 403), an index that is missing (404), a time-out (408), too much at once or a disk that is nearly full
 * (429).
 */
const NOT_THE_DOCUMENT = new Set([401, 403, 404, 408, 429])

/** Nor do these, although they come as 400: somebody closed the index, or moved its alias. */
const NOT_THE_DOCUMENT_EITHER = /index_closed_exception|no write index is defined/

/** What the answer to a request means for each of the operations that were sent in it. */
export interface SortedOut {
  settled: [Waiting, Outcome][]
  again: Waiting[]
  /** Why an index does not take all that was sent to it, or undefined if it does. */
  troubles: Map<string, string | undefined>
  /** The index that the data stream wrote to, if an answer told. */
  writtenTo: string | undefined
  /** The data stream, or an index, is not there. */
  isMissing: boolean
}

/** `items` answers `sent`, one by one. */
export function sortOut(sent: readonly Waiting[], items: readonly BulkItem[]): SortedOut {
  const sorted: SortedOut = {
    ...{ settled: [], again: [], troubles: new Map(), writtenTo: undefined, isMissing: false }
  }
  const taking = new Set(
    sent.flatMap(({ operation }, at) => ((items[at]?.status ?? 500) < 300 ? operation.target : []))
  )
  sent.forEach((waiting, at) => {
    const item = items[at]
    if (item === undefined) throw new Error(`the answer lacks item ${at} of ${sent.length}`)
    const { target, isAppend } = waiting.operation
    const verdict = verdictOf(item)
    if (!sorted.troubles.has(target)) sorted.troubles.set(target, undefined)
    if (verdict.kind !== 'again') sorted.settled.push([waiting, verdict])
    else if (isHopeless(waiting, item, taking.has(target))) {
      const reason = `${verdict.reason} (${waiting.tries + waiting.triesAlone} times)`
      sorted.settled.push([waiting, { kind: 'refused', reason }])
    } else {
      sorted.troubles.set(target, verdict.reason)
      sorted.again.push(waiting)
    }
    if (item.status === 404) sorted.isMissing = true
    if (isAppend && isThere(verdict)) sorted.writtenTo = item._index ?? sorted.writtenTo
  })
  return sorted
}

/** docs.elastic.co, "Bulk API": each item has a status of its own. */
export function verdictOf(item: BulkItem): Verdict {
  const { status } = item
  if (item.failure_store === 'used') {
    return { kind: 'refused', reason: 'it was put into the failure store of the data stream' }
  }
  if (status < 300) return { kind: 'created' }
  if (status === 409) return { kind: 'present' }
  const reason = reasonOf(item)
  return status >= 500 || NOT_THE_DOCUMENT.has(status) || NOT_THE_DOCUMENT_EITHER.test(reason)
    ? { kind: 'again', reason }
    : { kind: 'refused', reason }
}

function isThere({ kind }: Verdict): boolean {
  return kind === 'created' || kind === 'present'
}

/**
 * An error of the server's own that comes again and again while other documents are taken is one of the
 * document. Where none is taken it is more likely the server's, and has far more time to pass.
 */
function isHopeless(waiting: Waiting, { status }: BulkItem, isTaking: boolean): boolean {
  if (status < 500 || status === 503) return false
  if (isTaking) waiting.tries++
  else waiting.triesAlone++
  return waiting.tries >= limits.bulkItemTriesMax || waiting.triesAlone >= limits.bulkItemTriesAloneMax
}

function reasonOf({ status, error }: BulkItem): string {
  const parts = [error, error?.caused_by].flatMap((part) =>
    part === undefined ? [] : `${part.type ?? 'error'}: ${part.reason ?? 'no reason was given'}`
  )
  return parts.length === 0 ? `status ${status}` : parts.join('; ')
}
