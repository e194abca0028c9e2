import type { Config } from '../config.ts'
import type { DataFolder } from '../data-folder.ts'
import { Fatal } from '../errors.ts'
import {
  beginGeneration,
  type JournalOfIndex,
  journalsOf,
  switchTo
} from '../index/elasticsearch/generation.ts'
import { DEFAULT_NAMESPACE } from '../index/elasticsearch/names.ts'
import { setUp } from '../index/elasticsearch/setup.ts'
import { markWhole } from '../index/elasticsearch/state.ts'
import { openElasticsearchStore } from '../index/elasticsearch/store.ts'
import { openJournalFiles } from '../journal/read-only.ts'
import { copyJournal, warnings } from './copy-journal.ts'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { elasticsearchOf } from './store-options.ts'

/** Copies one after the other; a server that goes on brings the rest itself when it changes over. */
const ROUNDS_MAX = 5

/**
 * Makes a new index beside the one in use, also while servers run, and lets everybody read it when the journals of
 * all servers are in it. It may be ended and called again: it goes on.
 */
export async function reindexElasticsearch(
  config: Config,
  folder: DataFolder,
  isWithoutMissing: boolean
): Promise<void> {
  const namespace = DEFAULT_NAMESPACE
  const client = elasticsearchOf(config)
  const log = warnings()
  try {
    await setUp(client, { namespace, isForNewIndex: true })
    const generation = await beginGeneration(client, namespace)
    // While a large journal is copied it grows: what came meanwhile is little, and copied once more.
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const journal = await openJournalFiles(folder)
      if (journal.end === 0) throw new Fatal('the journal is empty: there is nothing to make an index of.')
      const options = { journalId: folder.log, journalEnd: journal.end, log, namespace, generation }
      const store = openElasticsearchStore({ ...options, client: elasticsearchOf(config) })
      try {
        const before = await store.cursor()
        if (round > 0 && before >= journal.end) break
        await copyJournal(journal, store, { config, folder })
      } finally {
        await store.close()
        await journal.close()
      }
    }
    await markWhole(client, namespace, generation, folder.log)
    const missing = (await journalsOf(client, namespace, generation)).filter(
      ({ log: id, copied }) => id !== folder.log && copied?.is_whole !== true
    )
    if (missing.length > 0 && !isWithoutMissing) throw notYet(missing)
    const before = await switchTo(client, namespace, generation)
    process.stderr.write(
      before === undefined
        ? 'The new index is in use already: the command on another machine has changed over.\n'
        : `The new index is in use; running servers go on in it within seconds. When they do, the old one can be deleted:\n  DELETE /_data_stream/${before.events}\n  DELETE /${before.runs},${before.results}\n`
    )
  } finally {
    await client.close()
  }
}

function notYet(missing: readonly JournalOfIndex[]): Failure {
  const names = missing.map(({ log, events }) => `${log} (${events} events)`)
  return new Failure(
    exitCodes.refused,
    `this journal is in the new index, and those of other servers are not; the old index is read until then: ${names.join(', ')}.`,
    'Run `playtrail reindex` on their machines too: the last one changes over. Or leave them out with --without-missing; a server that runs brings its events again.'
  )
}
