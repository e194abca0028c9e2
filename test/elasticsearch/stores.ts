import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { Client } from '@elastic/elasticsearch'
import {
  type ElasticsearchStoreOptions,
  openElasticsearchStore
} from '../../server/index/elasticsearch/store.ts'
import type { Store } from '../../server/index/store.ts'
import { JOURNAL_ID } from '../index/fixtures.ts'
import { sharedNode } from '../support/elasticsearch.ts'

/** A name of its own for what a test makes: tests share a node. */
export function newNamespace(): string {
  return `t${randomBytes(6).toString('hex')}`
}

/** A client that is closed when the test is over. */
export async function clientOf(t: TestContext, url?: string): Promise<Client> {
  const client = new Client({ node: url ?? (await sharedNode()).url, maxRetries: 0, requestTimeout: 30_000 })
  t.after(() => client.close())
  return client
}

/** A store on the shared node, empty unless the namespace is one that was used before; closed when the test is over. */
export async function openStore(
  t: TestContext,
  options: Partial<ElasticsearchStoreOptions> = {}
): Promise<Store> {
  const store = openElasticsearchStore({
    client: options.client ?? (await clientOf(t)),
    journalId: JOURNAL_ID,
    journalEnd: 1_000_000,
    log: { warn: () => undefined, info: () => undefined, error: () => undefined },
    namespace: newNamespace(),
    isRefreshed: true,
    ...options
  })
  t.after(() => store.close())
  return store
}
