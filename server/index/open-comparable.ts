import type { DataFolder } from '../data-folder.ts'
import { openClient } from './elasticsearch/client.ts'
import { openElasticsearchComparable } from './elasticsearch/comparable.ts'
import { openElasticsearchRepair } from './elasticsearch/repair.ts'
import { connectionOf, type StoreConfig } from './open-store.ts'
import type { ComparableIndex, IndexRepair } from './reconcile/comparable.ts'
import { openSqliteComparable } from './sqlite/comparable.ts'
import { openSqliteRepair } from './sqlite/repair.ts'

export interface OpenedComparable {
  index: ComparableIndex
  repair: IndexRepair | undefined
  close(): Promise<void>
}

/** Opens the index of the settings to compare it, and to repair it if that is asked for. Throws Uncheckable. */
export async function openComparable(
  config: StoreConfig,
  folder: DataFolder,
  isRepaired: boolean
): Promise<OpenedComparable> {
  if (config.store.kind === 'sqlite') {
    const index = openSqliteComparable(folder.index, folder.log)
    const repair = isRepaired ? openSqliteRepair(folder.index, folder.log) : undefined
    return {
      index,
      repair,
      async close() {
        repair?.close()
        await index.close()
      }
    }
  }
  const of = {
    client: openClient({ ...connectionOf(config, config.store.url), isPatient: true }),
    journalId: folder.log
  }
  const index = await openElasticsearchComparable(of)
  const repair = isRepaired ? await openElasticsearchRepair(of) : undefined
  return { index, repair, close: () => index.close() }
}
