import { leafHash } from '../../server/seal/hashes.ts'
import { openTree, type Tree } from '../../server/seal/tree.ts'

/** Entry `i` of the log that other implementations were given too. */
export function goldenEntry(i: number): Buffer {
  return Buffer.from(
    JSON.stringify({ seq: i, type: 'ansible.task', host: `h${i % 7}`, pad: 'x'.repeat(i % 300) })
  )
}

/** Size of that log → its root. */
export const goldenRoots = new Map([
  [0, '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='],
  [1, 'A6EdfuN0L8YOr/ZFczAR0M+VSirShDtMLrMGI8f2C/0='],
  [255, 'IZqYEujerodphSDMuYu+ByrcnrmlE0UCsx8Of+DW2IY='],
  [256, 'N43gYJ7GYoUVDbK0b8xwVR6WuZc/ReMiCrWt0qPe04c='],
  [257, 'EN4iYWzT0V9IMMACAiphR2s/V38WNWXIwHfO6Nb8d3Y='],
  [1_000, 'SV25/OqhauKUqES7mJocSQkKpZQmwLZ7E5jD0+cJAhE='],
  [70_000, '9v9dikByb3jgBAQr9GN7fBdLxo4ApOPafO8FUVeRMh8=']
])

/** The tree's tiles in memory, as wide as they ever were. */
export interface TreeInMemory {
  tree: Tree
  leaves: Buffer[]
  tiles: Map<string, Buffer>
}

/** A tree of the first `size` golden entries, and its tiles by `level/index`. */
export function goldenTree(size: number): TreeInMemory {
  const tree = openTree()
  const leaves: Buffer[] = []
  const tiles = new Map<string, Buffer>()
  for (let i = 0; i < size; i++) {
    const leaf = leafHash(goldenEntry(i))
    leaves.push(leaf)
    tree.append(leaf, ({ level, index, hashes }) => tiles.set(`${level}/${index}`, hashes))
  }
  for (const { level, index, hashes } of tree.edge()) tiles.set(`${level}/${index}`, hashes)
  return { tree, leaves, tiles }
}
