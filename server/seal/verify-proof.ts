import { BadEvidence } from './bad-evidence.ts'
import { EMPTY_ROOT, nodeHash } from './hashes.ts'

// RFC 9162, sections 2.1.3.2 and 2.1.4.2, step by step. Sizes go beyond 2^32, so a shift is a division.

/** Throws BadEvidence unless the proof shows that `leaf` is number `index` in the tree of this size and root. */
export function verifyInclusion(
  leaf: Buffer,
  index: number,
  tree: { size: number; root: Buffer },
  proof: readonly Buffer[]
): void {
  if (!(index >= 0 && index < tree.size))
    throw new BadEvidence(`leaf ${index} cannot be in a tree of ${tree.size} leaves`)
  let place = index
  let last = tree.size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) throw new BadEvidence('the inclusion proof has more hashes than the tree is high')
    if (place % 2 === 1 || place === last) {
      hash = nodeHash(sibling, hash)
      while (place % 2 === 0 && place !== 0) {
        place /= 2
        last = Math.floor(last / 2)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  if (last !== 0) throw new BadEvidence('the inclusion proof has fewer hashes than the tree is high')
  if (!hash.equals(tree.root))
    throw new BadEvidence(
      `the inclusion proof leads to the root ${base64(hash)}, expected ${base64(tree.root)}`
    )
}

/** Throws BadEvidence unless the proof shows that the old tree is what the new one began with. */
export function verifyConsistency(
  old: { size: number; root: Buffer },
  now: { size: number; root: Buffer },
  proof: readonly Buffer[]
): void {
  if (old.size > now.size)
    throw new BadEvidence(`a tree of ${now.size} leaves cannot come after one of ${old.size}`)
  if (old.size === 0 || old.size === now.size) {
    if (proof.length > 0)
      throw new BadEvidence('there is nothing to prove, and the consistency proof is not empty')
    const expected = old.size === 0 ? EMPTY_ROOT : now.root
    if (!old.root.equals(expected)) throw new BadEvidence(differs('old', old.root, expected))
    return
  }
  const { oldRoot, newRoot } = rootsOf(old, now, proof)
  if (!oldRoot.equals(old.root)) throw new BadEvidence(differs('old', oldRoot, old.root))
  if (!newRoot.equals(now.root)) throw new BadEvidence(differs('new', newRoot, now.root))
}

function rootsOf(
  old: { size: number; root: Buffer },
  now: { size: number },
  proof: readonly Buffer[]
): { oldRoot: Buffer; newRoot: Buffer } {
  // An old tree that is complete is a node of the new one, and its hash is left out of the proof.
  const [first, ...rest] = isPowerOfTwo(old.size) ? [old.root, ...proof] : proof
  if (first === undefined || proof.length === 0) throw new BadEvidence('the consistency proof is empty')
  let place = old.size - 1
  let last = now.size - 1
  while (place % 2 === 1) {
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  let oldRoot = first
  let newRoot = first
  for (const hash of rest) {
    if (last === 0) throw new BadEvidence('the consistency proof has more hashes than the tree is high')
    if (place % 2 === 1 || place === last) {
      oldRoot = nodeHash(hash, oldRoot)
      newRoot = nodeHash(hash, newRoot)
      while (place % 2 === 0 && place !== 0) {
        place /= 2
        last = Math.floor(last / 2)
      }
    } else {
      newRoot = nodeHash(newRoot, hash)
    }
    place = Math.floor(place / 2)
    last = Math.floor(last / 2)
  }
  if (last !== 0) throw new BadEvidence('the consistency proof has fewer hashes than the tree is high')
  return { oldRoot, newRoot }
}

function isPowerOfTwo(size: number): boolean {
  return Number.isInteger(Math.log2(size)) && 2 ** Math.log2(size) === size
}

function differs(which: string, got: Buffer, expected: Buffer): string {
  return `the consistency proof leads to the ${which} root ${base64(got)}, expected ${base64(expected)}`
}

function base64(hash: Buffer): string {
  return hash.toString('base64')
}
