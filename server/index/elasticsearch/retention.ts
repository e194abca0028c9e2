import type { Client } from '@elastic/elasticsearch'
import type { Expiry } from '../reconcile/comparable.ts'
import { firstRunId } from '../run-id.ts'
import { statusOf } from './failures.ts'
import { retentionOf } from './setup.ts'

const MICROSECONDS = { d: 86_400e6, h: 3_600e6, m: 60e6, s: 1e6, ms: 1e3, micros: 1, nanos: 1e-3 } as const

/** Since when a data stream keeps its events, in microseconds since 1970; undefined if for ever, or if nobody tells. */
export async function keptSince(
  client: Client,
  stream: string,
  namespace: string,
  nowMs = Date.now()
): Promise<number | undefined> {
  const retention = (await ofStream(client, stream)) ?? (await ofTemplate(client, namespace))
  const match = /^(\d+)(d|h|m|s|ms|micros|nanos)$/.exec(retention ?? '')
  if (match === null) return undefined
  const unit = match[2] as keyof typeof MICROSECONDS
  return nowMs * 1_000 - Number(match[1]) * MICROSECONDS[unit]
}

/** Only events expire; what they came to stays. */
export function expiryOf(since: number | undefined): Expiry {
  const firstRun = since === undefined ? '' : firstRunId(since / 1_000)
  return {
    hasEvent: ({ record }) => since !== undefined && record.receivedAt < since,
    hasResult: () => false,
    hasRun: (id) => id < firstRun
  }
}

async function ofStream(client: Client, name: string): Promise<string | undefined> {
  try {
    const { data_streams } = await client.indices.getDataLifecycle({ name })
    const retention = data_streams[0]?.lifecycle?.data_retention
    return typeof retention === 'string' ? retention : undefined
  } catch (error) {
    // Some builds of Elasticsearch lack the route, and a key may lack the right.
    const status = statusOf(error)
    if (status === 400 || status === 403 || status === 404 || status === 405) return undefined
    throw error
  }
}

async function ofTemplate(client: Client, namespace: string): Promise<string | undefined> {
  try {
    return await retentionOf(client, namespace)
  } catch (error) {
    // Only a key that may set up may ask.
    if (statusOf(error) === 403) return undefined
    throw error
  }
}
