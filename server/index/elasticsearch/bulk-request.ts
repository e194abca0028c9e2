import type { Client } from '@elastic/elasticsearch'
import type { BulkItem } from './bulk-answer.ts'
import type { Operation } from './bulk-queue.ts'
import { findSent } from './sent-before.ts'

export interface BulkRequestOptions {
  signal: AbortSignal
  /** For tests: makes what was written searchable before the answer. */
  isRefreshed: boolean
}

/** Sends the operations in one request. Returns an answer for each, or rejects. */
export async function requestBulk(
  client: Client,
  operations: readonly Operation[],
  { signal, isRefreshed }: BulkRequestOptions
): Promise<BulkItem[]> {
  const answer = await client.bulk(
    {
      operations: operations.flatMap(({ action, source }) => [action, source]),
      filter_path: ['items.*._index', 'items.*.status', 'items.*.error', 'items.*.failure_store'],
      ...(isRefreshed && { refresh: true as const })
    },
    { signal }
  )
  const items = ((answer.items ?? []) as Record<string, BulkItem>[]).flatMap((item) => Object.values(item))
  // An answer that was cut would be laid to the wrong documents. All of it or nothing: what is sent again
  // changes nothing.
  if (items.length === operations.length && items.every(({ status }) => Number.isInteger(status)))
    return items
  throw new Error(`the answer to a bulk request of ${operations.length} documents has ${items.length} items`)
}

/** The ids of those events among the operations that an earlier request has written, see findSent. */
export async function idsSent(
  client: Client,
  operations: readonly Operation[],
  signal: AbortSignal
): Promise<Set<string>> {
  const maybe = operations.flatMap(({ id, target, sentTo, isAppend }) =>
    sentTo === undefined || !isAppend ? [] : { id, target, sentTo }
  )
  const found = new Set<string>()
  for (const stream of new Set(maybe.map(({ target }) => target))) {
    const events = maybe.filter(({ target }) => target === stream)
    for (const id of await findSent(client, stream, events, signal)) found.add(id)
  }
  return found
}
