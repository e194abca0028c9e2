import type { Config } from '../config.ts'
import type { DataFolder } from '../data-folder.ts'
import { openDeadLetters } from '../index/dead-letters.ts'
import { openComparable } from '../index/open-comparable.ts'
import { storeName } from '../index/open-store.ts'
import { type Reconciled, type ReconcileOptions, reconcile } from '../index/reconcile/reconcile.ts'
import { openJournalFiles } from '../journal/read-only.ts'
import type { JournalRecord } from '../journal/record.ts'

interface CompareOptions extends Pick<ReconcileOptions, 'onDifference' | 'onProgress'> {
  /** Set to make the index agree. */
  repair?: true | undefined
  /** The first record to compare, and the last one. */
  from?: number | undefined
  to?: number | undefined
}

/** Compares the index of the settings with the journal of the folder. Throws Uncheckable, or Fatal. */
export async function compareWithIndex(
  { config, folder }: { config: Config; folder: DataFolder },
  { repair: isRepaired, from, to, onDifference, onProgress }: CompareOptions
): Promise<Reconciled> {
  const letters = openDeadLetters(folder.deadLetters)
  try {
    const { index, repair, close } = await openComparable(config, folder, isRepaired === true)
    const store = storeName(config)
    const isDeadLetter = ({ index: record }: JournalRecord): boolean => letters.get(record)?.store === store
    try {
      return await reconcile({
        ...{ index, repair, isDeadLetter, onDifference, onProgress },
        openJournal: () => openJournalFiles(folder),
        first: from,
        next: to === undefined ? undefined : to + 1
      })
    } finally {
      await close()
    }
  } finally {
    letters.close()
  }
}
