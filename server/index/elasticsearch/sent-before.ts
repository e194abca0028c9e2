import type { Client } from '@elastic/elasticsearch'
import { limits } from '../../limits.ts'
import { statusOf } from './failures.ts'

/** An event that may be in a data stream already. */
export interface MaybeSent {
  id: string
  /** The stream's write index when the event was first sent, or '' if nobody knows. */
  sentTo: string
}

/**
 * Which of these events are in the stream.
 *
 * An `_id` is unique within a backing index, not within a data stream, so that after a rollover `create` would
 * write an event a second time (elastic/elasticsearch#44794). The documents are got by id, which sees
 * also what no refresh has made searchable yet.
 */
export async function findSent(
  client: Client,
  stream: string,
  events: readonly MaybeSent[],
  signal?: AbortSignal
): Promise<Set<string>> {
  const options = signal === undefined ? {} : { signal }
  const found = new Set<string>()
  const backing = await backingIndices(client, stream, options)
  // Also the index that is written to now, where `create` would refuse them by itself: before they are sent, the
  // stream may move on.
  const docs = events.flatMap(({ id, sentTo }) =>
    backing.slice(Math.max(0, backing.indexOf(sentTo))).map((index) => ({ _index: index, _id: id }))
  )
  for (let at = 0; at < docs.length; at += limits.bulkOperationsMax) {
    const { docs: answers } = await client.mget(
      { docs: docs.slice(at, at + limits.bulkOperationsMax), _source: false },
      options
    )
    for (const answer of answers) {
      if ('error' in answer) throw new Error(`${answer._index}: ${answer.error.type}: ${answer.error.reason}`)
      if (answer.found) found.add(answer._id)
    }
  }
  return found
}

/** Oldest first; the last one is written to. */
export async function backingIndices(
  client: Client,
  stream: string,
  options: { signal?: AbortSignal } = {}
): Promise<readonly string[]> {
  try {
    const { data_streams } = await client.indices.resolveIndex({ name: stream }, options)
    const indices = data_streams[0]?.backing_indices ?? []
    return typeof indices === 'string' ? [indices] : indices
  } catch (error) {
    if (statusOf(error) === 404) return []
    throw error
  }
}
