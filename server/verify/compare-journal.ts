import type { DataFolder } from '../data-folder.ts'
import { fieldsThatDiffer } from '../index/reconcile/fields.ts'
import { leafHash } from '../seal/hashes.ts'
import { leafOf } from '../seal/leaf.ts'
import { hashAt } from './examine.ts'
import type { Findings } from './findings.ts'
import {
  inPortions,
  JournalDamage,
  type JournalSeen,
  journalRecords,
  type PlacedRecord
} from './journal-records.ts'
import type { Portion } from './verify-tree.ts'

/** The journal beside the log, as far as both were read. */
export interface JournalComparison extends JournalSeen {
  /** Records that were compared with their leaf: payload, salt, id, sender and times. */
  compared: number
  compare(portion: Portion, width: number): Promise<void>
  /** Hashes of leaves of the next records; fewer if the journal ends. */
  onward(count: number): Promise<Buffer[]>
  /** Reads on to the journal's end: what is behind the sealed records is looked at, too. */
  finish(): Promise<void>
}

/** Each record's payload, salt, id, sender and times are in its leaf, the first two as a commitment. */
export function compareJournal(
  folder: Pick<DataFolder, 'journal' | 'log'>,
  sealedEnd: number,
  findings: Findings
): JournalComparison {
  const seen: JournalSeen = { segments: 0, records: 0, tailBytes: 0 }
  const take = inPortions(journalRecords(folder, sealedEnd, seen))
  let isDamaged = false

  const records = async (count: number): Promise<PlacedRecord[]> => {
    if (isDamaged) return []
    try {
      return await take(count)
    } catch (error) {
      if (!(error instanceof JournalDamage)) throw error
      isDamaged = true
      const { message, file, byte, record } = error
      findings.add({ part: 'journal', message, leaf: record, file, byte })
      return []
    }
  }

  return Object.assign(seen, {
    compared: 0,
    async compare({ first, hashes, entries }: Portion, width: number) {
      for (const [at, { record, file, byte }] of (await records(width)).entries()) {
        const entry = entries[at]
        const expected = leafOf(record)
        this.compared += 1
        if (entry === undefined ? leafHash(expected).equals(hashAt(hashes, at)) : entry.equals(expected))
          continue
        const differing = entry === undefined ? '' : `: ${differences(expected, entry)}`
        const message = `the record is not the one that was sealed${differing}`
        findings.add({ part: 'journal', message, leaf: first + at, file, byte })
      }
    },
    async onward(count: number) {
      return (await records(count)).map(({ record }) => leafHash(leafOf(record)))
    },
    async finish() {
      while ((await records(1_000)).length > 0);
    }
  })
}

/** Names of the members that differ. An entry that belongs to its hash may still be none of ours. */
function differences(expected: Buffer, entry: Buffer): string {
  try {
    const names = fieldsThatDiffer(JSON.parse(expected.toString('utf8')), JSON.parse(entry.toString('utf8')))
    return `${names.join(', ')} differ`
  } catch (error) {
    if (error instanceof SyntaxError) return 'the leaf is no JSON'
    throw error
  }
}
