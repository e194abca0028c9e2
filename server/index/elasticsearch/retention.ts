import type { Client } from '@elastic/elasticsearch'
import type { Expiry } from '../reconcile/comparable.ts'
import { firstRunId } from '../run-id.ts'
import type { KeptSince } from '../store.ts'
import { statusOf } from './failures.ts'
import { retentionOf } from './setup.ts'

const MICROSECONDS = { d: 86_400e6, h: 3_600e6, m: 60e6, s: 1e6, ms: 1e3, micros: 1, nanos: 1e-3 } as const

/** Since when a data stream keeps its events, in microseconds since 1970. */
export async function keptSince(
  client: Client,
  stream: string,
  namespace: string,
  nowMs = Date.now()
): Promise<KeptSince> {
  const told = await ofStream(client, stream)
  const retention = told === 'not told' ? await ofTemplate(client, namespace) : told
  const match = /^(\d+)(d|h|m|s|ms|micros|nanos)$/.exec(retention ?? '')
  if (match === null) return retention === undefined ? undefined : 'unknown'
  const unit = match[2] as keyof typeof MICROSECONDS
  return nowMs * 1_000 - Number(match[1]) * MICROSECONDS[unit]
}

/** Only events expire; what they came to stays. */
export function expiryOf(keptSince: KeptSince): Expiry {
  const since = typeof keptSince === 'number' ? keptSince : undefined
  const firstRun = since === undefined ? '' : firstRunId(since / 1_000)
  return {
    hasEvent: ({ record }) => since !== undefined && record.receivedAt < since,
    hasResult: () => false,
    hasRun: (id) => id < firstRun
  }
}

/** `not told` where there is no such stream yet, or the server does not know the question. */
async function ofStream(client: Client, name: string): Promise<string | undefined> {
  try {
    const { data_streams } = await client.indices.getDataLifecycle({ name })
    // Absent where it keeps its events for ever.
    const retention = data_streams[0]?.lifecycle?.data_retention
    return retention === undefined ? undefined : `${retention}`
  } catch (error) {
    const status = statusOf(error)
    // A key may lack the right; what the template says now need not be what the stream was made with.
    if (status === 403) return 'unknown'
    // Some builds of Elasticsearch lack the route.
    if (status === 400 || status === 404 || status === 405) return 'not told'
    throw error
  }
}

async function ofTemplate(client: Client, namespace: string): Promise<string | undefined> {
  try {
    return await retentionOf(client, namespace)
  } catch (error) {
    // Only a key that may set up may ask.
    if (statusOf(error) === 403) return 'unknown'
    throw error
  }
}
