import { once } from 'node:events'
import { pino } from 'pino'
import type { DataFolder } from '../data-folder.ts'
import { openDeadLetters } from '../index/dead-letters.ts'
import { startFollower } from '../index/follower.ts'
import { type StoreConfig, storeName } from '../index/open-store.ts'
import type { Store } from '../index/store.ts'
import type { JournalReader } from '../journal/reader.ts'
import { withProgress } from './progress.ts'

/** Brings everything that the journal holds now into the store, from where the store stands. */
export async function copyJournal(
  journal: Pick<JournalReader, 'id' | 'end' | 'read'>,
  store: Store,
  { config, folder }: { config: StoreConfig; folder: DataFolder }
): Promise<void> {
  const reader: JournalReader = {
    id: journal.id,
    end: journal.end,
    read: (index) => journal.read(index),
    // What comes later is not copied.
    async waitBeyond(_index, signal) {
      if (!signal.aborted) await once(signal, 'abort')
    }
  }
  const deadLetters = openDeadLetters(folder.deadLetters)
  const follower = startFollower({
    journal: reader,
    store,
    log: warnings(),
    onRefused: (refused) => deadLetters.add(refused, storeName(config), new Date())
  })
  try {
    await withProgress(() => follower.cursor ?? 0, journal.end, follower.idle())
  } finally {
    await follower.stop()
    deadLetters.close()
  }
}

/** What is worth a warning goes to where the progress is shown. */
export function warnings(): ReturnType<typeof pino> {
  return pino({ level: 'warn' }, process.stderr)
}
