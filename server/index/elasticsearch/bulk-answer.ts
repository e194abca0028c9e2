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

/** docs.elastic.co, "Bulk API": each item has a status of its own. */
export function verdictOf(item: BulkItem): Verdict {
  const { status } = item
  if (item.failure_store === 'used') {
    return { kind: 'refused', reason: 'it was put into the failure store of the data stream' }
  }
  if (status < 300) return { kind: 'created' }
  if (status === 409) return { kind: 'present' }
  const reason = reasonOf(item)
  return status >= 500 || NOT_THE_DOCUMENT.has(status)
    ? { kind: 'again', reason }
    : { kind: 'refused', reason }
}

function reasonOf({ status, error }: BulkItem): string {
  const parts = [error, error?.caused_by].flatMap((part) =>
    part === undefined ? [] : `${part.type ?? 'error'}: ${part.reason ?? 'no reason was given'}`
  )
  return parts.length === 0 ? `status ${status}` : parts.join('; ')
}
