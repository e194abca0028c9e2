import type { DataFolder } from '../data-folder.ts'
import { fieldsThatDiffer } from '../index/reconcile/fields.ts'
import { HASH_BYTES, leafHash } from '../seal/hashes.ts'
import { leafOf } from '../seal/leaf.ts'
import { TILE_WIDTH, tilePath } from '../seal/tile.ts'
import { hashAt, isConfirmed, type SignedTree } from './examine.ts'
import type { Finding, Findings } from './findings.ts'
import {
  inPortions,
  JournalDamage,
  type JournalSeen,
  journalRecords,
  type PlacedRecord
} from './journal-records.ts'
import type { LogSource } from './log-source.ts'
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

interface ComparedLog {
  source: LogSource
  signed: SignedTree
}

/** Each record's payload, salt, id, sender and times are in its leaf, the first two as a commitment. */
export function compareJournal(
  folder: Pick<DataFolder, 'journal' | 'log'>,
  sealedEnd: number,
  log: ComparedLog,
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
    async compare(portion: Portion, width: number) {
      const placed = await records(width)
      this.compared += placed.length
      const expected = placed.map(({ record }) => leafOf(record))
      const isLeaf = (leaf: Buffer, at: number): boolean => {
        const entry = portion.entries[at]
        return entry === undefined ? leafHash(leaf).equals(hashAt(portion.hashes, at)) : entry.equals(leaf)
      }
      if (expected.every(isLeaf)) return
      const tellDifference = await differenceIn(log, portion, expected)
      for (const [at, place] of placed.entries()) {
        const leaf = expected[at]
        if (leaf !== undefined && !isLeaf(leaf, at)) findings.add(tellDifference(at, leaf, place))
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

/** Whether record or leaf is the wrong one: what is above the leaf, up to the signed root, says which was signed. */
async function differenceIn(
  { source, signed }: ComparedLog,
  { first, hashes, entries }: Portion,
  expected: readonly Buffer[]
): Promise<(at: number, leaf: Buffer, place: PlacedRecord) => Finding> {
  const tile = { index: Math.floor(first / TILE_WIDTH), width: hashes.length / HASH_BYTES }
  const ofHashes = (of: Buffer): Promise<boolean> => isConfirmed(source, signed, { level: 0, ...tile }, of)
  const isLogRight = await ofHashes(hashes)
  const isJournalRight =
    !isLogRight && expected.length === tile.width && (await ofHashes(Buffer.concat(expected.map(leafHash))))

  return (at, leaf, { file, byte }) => {
    const entry = entries[at]
    const differing = entry === undefined ? '' : `: ${differences(leaf, entry)}`
    if (isJournalRight) {
      const message = `the entry was changed together with its hash, the journal has what was signed${differing}`
      const before = entries.slice(0, at).reduce((sum, { length } = Buffer.alloc(0)) => sum + 2 + length, 0)
      const bundle = source.placeOf(tilePath({ level: 'entries', ...tile }))
      return { part: 'tree', message, leaf: first + at, file: bundle, byte: before }
    }
    const message = isLogRight
      ? 'the record is not the one that was sealed'
      : 'record and entry differ, and the signed root does not say which was changed'
    return { part: 'journal', message: `${message}${differing}`, leaf: first + at, file, byte }
  }
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
