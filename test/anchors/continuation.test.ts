import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkContinues, earlierRoot } from '../../server/anchors/continuation.ts'
import { HASH_BYTES, leafHash } from '../../server/seal/hashes.ts'
import type { ReadTile } from '../../server/seal/proofs.ts'
import { openTree } from '../../server/seal/tree.ts'

/** Trees of each size up to `size`, and the hashes of their tiles. */
function grown(size: number): { roots: Buffer[]; tiles: Map<string, Buffer> } {
  const tree = openTree()
  const tiles = new Map<string, Buffer>()
  const roots = [tree.root()]
  for (let index = 0; index < size; index++) {
    tree.append(leafHash(Buffer.from(`entry ${index}`)), ({ level, index: at, hashes }) =>
      tiles.set(`${level}/${at}`, hashes)
    )
    roots.push(tree.root())
  }
  for (const { level, index, hashes } of tree.edge()) tiles.set(`${level}/${index}`, hashes)
  return { roots, tiles }
}

const SIZE = 700
const { roots, tiles } = grown(SIZE)
const now = { size: SIZE, root: roots[SIZE] ?? Buffer.alloc(0) }

const readTile: ReadTile = async ({ level, index, width }) => {
  const hashes = tiles.get(`${level}/${index}`)
  assert.ok(hashes)
  return hashes.subarray(0, width * HASH_BYTES)
}

test('of every size the tiles give the root that the tree had then', async () => {
  for (let size = 0; size <= SIZE; size++)
    assert.ok((await earlierRoot(now, size, readTile))?.equals(roots[size] ?? Buffer.alloc(0)), `${size}`)
})

// Whoever can write to the disk can write any tiles. They must not make the service believe that it has a history
// that it has not, nor that it had one that it had not.
test('tiles that were changed anywhere give the root that it was, or none', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: SIZE }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 2 ** 16 }), fc.integer({ min: 1, max: 255 })), {
        minLength: 1,
        maxLength: 40
      }),
      async (size, changes) => {
        const forged: ReadTile = async (tile) => {
          const hashes = Buffer.from(await readTile(tile))
          for (const [at, bits] of changes) {
            const place = at % hashes.length
            hashes.writeUInt8(hashes.readUInt8(place) ^ bits, place)
          }
          return hashes
        }
        const root = await earlierRoot(now, size, forged)
        assert.ok(root === undefined || root.equals(roots[size] ?? Buffer.alloc(0)))
      }
    ),
    { numRuns: 300 }
  )
})

test('a kept checkpoint is continued, contradicted, or not reached yet', async () => {
  const log = { readTile, journalEnd: () => SIZE + 100 }
  const kept = (size: number, root = roots[size] ?? Buffer.alloc(0)) => ({ size, root })
  const other = grown(SIZE).roots
  for (const size of [0, 1, 255, 256, 257, 512, 699, 700]) {
    await checkContinues(now, kept(size, other[size]), log)
    if (size === 0) continue
    await assert.rejects(checkContinues(now, kept(size, leafHash(Buffer.from('other'))), log), {
      name: 'Contradiction',
      message: /had another root then/
    })
  }
  await assert.rejects(checkContinues(now, kept(SIZE + 100, now.root), log), { name: 'Error' })
  await assert.rejects(checkContinues(now, kept(SIZE + 101, now.root), log), {
    name: 'Contradiction',
    message: /an older copy of the data folder/
  })
  const short: ReadTile = async (tile) => (await readTile(tile)).subarray(0, HASH_BYTES)
  await assert.rejects(checkContinues(now, kept(300), { ...log, readTile: short }), {
    name: 'Error',
    message: /the tiles of the log are damaged/
  })
})
