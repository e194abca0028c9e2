import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EMPTY_ROOT, HASH_BYTES, leafHash, nodeHash } from '../../server/seal/hashes.ts'
import { consistencyProof, inclusionProof, type ReadTile, rootOf } from '../../server/seal/proofs.ts'
import { openTree } from '../../server/seal/tree.ts'
import { verifyConsistency, verifyInclusion } from '../../server/seal/verify-proof.ts'
import { goldenEntry, goldenRoots, goldenTree } from './golden.ts'

const SIZE_MAX = 70_000
const world = goldenTree(SIZE_MAX)

/** Tiles of any tree up to the largest: a partial tile is the beginning of the full one. */
const readTile: ReadTile = async ({ level, index, width }) => {
  const hashes = world.tiles.get(`${level}/${index}`)
  assert.ok(hashes !== undefined && hashes.length >= width * HASH_BYTES, `${level}/${index} ${width}`)
  return hashes.subarray(0, width * HASH_BYTES)
}

const roots = new Map<number, Promise<Buffer>>()
function rootAt(size: number): Promise<Buffer> {
  const root = roots.get(size) ?? rootOf(readTile, size)
  roots.set(size, root)
  return root
}

/** RFC 6962, section 2.1, to the letter. */
function naiveRoot(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves
  if (first === undefined) return EMPTY_ROOT
  if (leaves.length === 1) return first
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return nodeHash(naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)))
}

// Edges of tiles and levels come up more often than chance would have it.
const size = fc.oneof(
  fc.constantFrom(1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, SIZE_MAX),
  fc.integer({ min: 1, max: 1_000 }),
  fc.integer({ min: 1, max: SIZE_MAX })
)
const leafInTree = size.chain((n) => fc.tuple(fc.nat({ max: n - 1 }), fc.constant(n)))
const twoSizes = fc.tuple(size, size).map((sizes) => sizes.sort((a, b) => a - b) as [number, number])

function flipped(hash: Buffer, bit: number): Buffer {
  const changed = Buffer.from(hash)
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return changed
}

test('the roots are those of the golden vectors', async () => {
  const tree = openTree()
  for (let i = 0; i <= SIZE_MAX; i++) {
    const golden = goldenRoots.get(i)
    if (golden !== undefined) {
      assert.equal(tree.root().toString('base64'), golden, `size ${i}`)
      assert.equal((await rootAt(i)).toString('base64'), golden, `size ${i}, read through tiles`)
    }
    tree.append(leafHash(goldenEntry(i)), () => undefined)
  }
})

test('the root of a tree is the one that the recursive definition gives', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2_000 }), (n) => {
      const tree = openTree()
      for (const leaf of world.leaves.slice(0, n)) tree.append(leaf, () => undefined)
      assert.ok(tree.root().equals(naiveRoot(world.leaves.slice(0, n))))
    }),
    { numRuns: 40 }
  )
})

test('a tree that is opened with its right edge goes on as if it had never been closed', async () => {
  await fc.assert(
    fc.asyncProperty(size, fc.integer({ min: 0, max: 600 }), async (before, more) => {
      const end = Math.min(before + more, SIZE_MAX)
      const edge = new Map<number, Buffer>()
      const tree = openTree(before, (level, width) => {
        const full = Math.floor(before / 256 ** (level + 1))
        const hashes = world.tiles.get(`${level}/${full}`) ?? Buffer.alloc(0)
        edge.set(level, hashes)
        return hashes.subarray(0, width * HASH_BYTES)
      })
      for (const leaf of world.leaves.slice(before, end)) tree.append(leaf, () => undefined)
      assert.equal(tree.size, end)
      assert.ok(tree.root().equals(await rootAt(end)))
    }),
    { numRuns: 60 }
  )
})

test('the inclusion proof of any leaf in any tree verifies', async () => {
  await fc.assert(
    fc.asyncProperty(leafInTree, async ([index, n]) => {
      const proof = await inclusionProof(readTile, index, n)
      const leaf = world.leaves[index] ?? EMPTY_ROOT
      verifyInclusion(leaf, index, { size: n, root: await rootAt(n) }, proof)
    }),
    { numRuns: 300 }
  )
})

test('an inclusion proof in which anything was changed does not verify', async () => {
  const bit = fc.nat({ max: 255 })
  await fc.assert(
    fc.asyncProperty(leafInTree, fc.nat(), bit, async ([index, n], pick, at) => {
      const root = await rootAt(n)
      const leaf = world.leaves[index] ?? EMPTY_ROOT
      const proof = await inclusionProof(readTile, index, n)
      const tree = { size: n, root }
      const fails = (what: () => void, name: string): void =>
        assert.throws(what, { name: 'BadEvidence' }, `${name}: leaf ${index} of ${n}`)
      fails(() => verifyInclusion(flipped(leaf, at), index, tree, proof), 'leaf')
      fails(() => verifyInclusion(leaf, index, { size: n, root: flipped(root, at) }, proof), 'root')
      fails(() => verifyInclusion(leaf, index, tree, [...proof, root]), 'one hash more')
      fails(() => verifyInclusion(leaf, n, tree, proof), 'index beyond the tree')
      if (proof.length === 0) return
      const place = pick % proof.length
      const changed = proof.map((hash, i) => (i === place ? flipped(hash, at) : hash))
      fails(() => verifyInclusion(leaf, index, tree, changed), 'hash')
      fails(() => verifyInclusion(leaf, index, tree, proof.slice(0, -1)), 'one hash less')
      fails(() => verifyInclusion(leaf, (index + 1 + (pick % (n - 1))) % n, tree, proof), 'index')
    }),
    { numRuns: 200 }
  )
})

test('the consistency proof between any two trees verifies, and one in which anything was changed does not', async () => {
  await fc.assert(
    fc.asyncProperty(twoSizes, fc.nat(), fc.nat({ max: 255 }), async ([before, n], pick, at) => {
      const old = { size: before, root: await rootAt(before) }
      const now = { size: n, root: await rootAt(n) }
      const proof = await consistencyProof(readTile, before, n)
      verifyConsistency(old, now, proof)

      const fails = (what: () => void, name: string): void =>
        assert.throws(what, { name: 'BadEvidence' }, `${name}: ${before} to ${n}`)
      fails(() => verifyConsistency({ ...old, root: flipped(old.root, at) }, now, proof), 'old root')
      fails(() => verifyConsistency(old, { ...now, root: flipped(now.root, at) }, proof), 'new root')
      fails(() => verifyConsistency(old, now, [...proof, now.root]), 'one hash more')
      if (proof.length === 0) return
      fails(() => verifyConsistency(now, old, proof), 'the wrong way round')
      const place = pick % proof.length
      const changed = proof.map((hash, i) => (i === place ? flipped(hash, at) : hash))
      fails(() => verifyConsistency(old, now, changed), 'hash')
      fails(() => verifyConsistency(old, now, proof.slice(0, -1)), 'one hash less')
    }),
    { numRuns: 200 }
  )
})

test('every tree is consistent with the empty one, and with no other root of size 0', async () => {
  const now = { size: 1_000, root: await rootAt(1_000) }
  assert.deepEqual(await consistencyProof(readTile, 0, 1_000), [])
  verifyConsistency({ size: 0, root: EMPTY_ROOT }, now, [])
  assert.throws(() => verifyConsistency({ size: 0, root: now.root }, now, []), { name: 'BadEvidence' })
})
