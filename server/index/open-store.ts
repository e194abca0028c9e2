import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import type { DataFolder } from '../data-folder.ts'
import type { BulkObserver } from './elasticsearch/bulk.ts'
import { openClient } from './elasticsearch/client.ts'
import { openElasticsearchStore } from './elasticsearch/store.ts'
import { openSqliteStore } from './sqlite/store.ts'
import type { Store } from './store.ts'

export type StoreConfig = Pick<Config, 'store' | 'elasticsearchApiKeyFile' | 'elasticsearchCaFile'>

export interface OpenStoreOptions {
  config: StoreConfig
  folder: DataFolder
  /** Where the journal ends, asked whenever the index is looked at anew. */
  journalEnd: number | (() => number)
  log: Pick<Logger, 'warn' | 'info' | 'error'>
  observe?: BulkObserver
  /** A server may be writing to the same index now: nothing of it is thrown away. */
  isBesideServer?: boolean
}

/** Opens the store that the settings name. One of Elasticsearch opens also while that is away. */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { config, folder, journalEnd, log, observe, isBesideServer = false } = options
  if (config.store.kind === 'sqlite') {
    const end = typeof journalEnd === 'number' ? journalEnd : journalEnd()
    const of = { path: folder.index, journalId: folder.log, journalEnd: end, log }
    return openSqliteStore({ ...of, isForeignKept: isBesideServer })
  }
  const client = openClient(connectionOf(config, config.store.url))
  const of = { client, journalId: folder.log, journalEnd, log, observe }
  return openElasticsearchStore({ ...of, isAnyAge: isBesideServer })
}

/** What a store is called where several of them may be spoken of: `sqlite`, `elasticsearch at host:9200`. */
export function storeName({ store }: StoreConfig): string {
  return store.kind === 'sqlite' ? store.kind : `${store.kind} at ${new URL(store.url).host}`
}

/** How to reach the Elasticsearch of the settings. */
export function connectionOf(config: StoreConfig, url: string): Parameters<typeof openClient>[0] {
  return {
    url,
    apiKeyFile: config.elasticsearchApiKeyFile || undefined,
    caFile: config.elasticsearchCaFile || undefined
  }
}
