import type { Tree } from '../seal/tree.ts'
import type { Part } from './findings.ts'

/** A root that was signed for a number of leaves, of which the log has to be the continuation. */
export interface ExpectedRoot {
  part: Part
  file: string
  size: number
  root: Buffer
  /** It was signed by a known key. */
  isSigned: boolean
}

/** Compares the roots of a tree that grows with those that were signed before. */
export interface Roots {
  /** The next number of leaves at which the tree is to be looked at; infinite if there is none. */
  readonly next: number
  /** Looks at the tree if that is of such a size. */
  look(tree: Tree): void
}

export function compareRoots(
  expected: readonly ExpectedRoot[],
  onCompared: (expected: ExpectedRoot, root: Buffer, isSame: boolean) => void
): Roots {
  const waiting = expected.toSorted((one, other) => one.size - other.size)
  return {
    get next() {
      return waiting[0]?.size ?? Number.POSITIVE_INFINITY
    },
    look(tree) {
      for (let first = waiting[0]; first?.size === tree.size; first = waiting[0]) {
        waiting.shift()
        const root = tree.root()
        onCompared(first, root, root.equals(first.root))
      }
    }
  }
}
