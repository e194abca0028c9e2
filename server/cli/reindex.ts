import { rmSync } from 'node:fs'
import { Command, Option } from 'commander'
import type { Config } from '../config.ts'
import { type DataFolder, openDataFolder } from '../data-folder.ts'
import { openStore } from '../index/open-store.ts'
import { openJournal } from '../journal/journal.ts'
import { copyJournal, warnings } from './copy-journal.ts'
import { reindexElasticsearch } from './reindex-elasticsearch.ts'
import { addStoreOptions, readStoreFlags, type StoreFlags } from './store-options.ts'

interface ReindexFlags extends StoreFlags {
  withoutMissing?: boolean
}

/** `playtrail reindex`: makes the index anew from the journal. */
export function reindexCommand(): Command {
  const command = new Command('reindex')
    .description(
      'make the index anew from the journal (stop the server first where it is embedded; Elasticsearch is read and written meanwhile)'
    )
    .addOption(
      new Option(
        '--without-missing',
        'of Elasticsearch: use the new index although journals of other servers are not in it yet'
      )
    )
    .action(async ({ withoutMissing = false, ...flags }: ReindexFlags) => {
      const config = readStoreFlags(flags)
      const folder = openDataFolder(config.dataDir)
      if (config.store.kind === 'elasticsearch') await reindexElasticsearch(config, folder, withoutMissing)
      else await reindexSqlite(config, folder)
    })
  return addStoreOptions(command)
}

async function reindexSqlite(config: Config, folder: DataFolder): Promise<void> {
  const journal = await openJournal(folder, {
    onBroken: (error) => {
      throw error
    }
  })
  if (journal.cutBytes > 0) {
    process.stderr.write(
      `Cut ${journal.cutBytes} bytes of a torn tail off the journal; they were never acknowledged.\n`
    )
  }
  try {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${folder.index}${suffix}`, { force: true })
    const store = await openStore({ config, folder, journalEnd: journal.end, log: warnings() })
    try {
      await copyJournal(journal, store, { config, folder })
    } finally {
      await store.close()
    }
  } finally {
    await journal.close()
  }
}
