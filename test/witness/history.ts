import { formatCheckpoint } from '../../server/seal/checkpoint.ts'
import { EMPTY_ROOT, leafHash, nodeHash } from '../../server/seal/hashes.ts'
import { formatNote } from '../../server/seal/note.ts'
import { type SigningKey, signText } from '../../server/seal/signing-key.ts'

// Trees and proofs as RFC 6962 writes them down, section 2.1, which is slow: the server has other ways to the same hashes.

/** A history of a log, as far as it goes: what its entries are. */
export type History = readonly string[]

export function root(entries: History): Buffer {
  const [first] = entries
  if (first === undefined) return EMPTY_ROOT
  if (entries.length === 1) return leafHash(Buffer.from(first))
  const split = splitOf(entries.length)
  return nodeHash(root(entries.slice(0, split)), root(entries.slice(split)))
}

/** PROOF(m, D[n]): shows that the tree of all entries began with that of the first `oldSize`. */
export function consistency(oldSize: number, entries: History): Buffer[] {
  return oldSize === 0 || oldSize >= entries.length ? [] : subproof(oldSize, entries, true)
}

function subproof(oldSize: number, entries: History, isWhole: boolean): Buffer[] {
  if (oldSize === entries.length) return isWhole ? [] : [root(entries)]
  const split = splitOf(entries.length)
  const [left, right] = [entries.slice(0, split), entries.slice(split)]
  return oldSize <= split
    ? [...subproof(oldSize, left, isWhole), root(right)]
    : [...subproof(oldSize - split, right, false), root(left)]
}

/** The largest power of two below. */
function splitOf(size: number): number {
  return 2 ** Math.ceil(Math.log2(size) - 1)
}

/** The checkpoint of these entries, signed by all keys; of the first one it has the name. */
export function checkpoint(entries: History, ...keys: [SigningKey, ...SigningKey[]]): string {
  const origin = keys[0].verifier.name
  const text = formatCheckpoint({ origin, size: entries.length, root: root(entries) })
  return formatNote({ text, signatures: keys.map((key) => signText(key, text)) })
}

/** So many entries, of which the first `shared` are those of every other history. */
export function history(size: number, { shared = size, name = 'other' } = {}): History {
  return Array.from({ length: size }, (_, i) => (i < shared ? `entry ${i}` : `${name} ${i}`))
}
