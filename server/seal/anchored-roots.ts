import { Fatal } from '../errors.ts'
import type { Tree } from './tree.ts'

/** A root that the log signed, as somebody outside knows it: the tree has to pass it before anything is signed. */
export interface AnchoredRoot {
  readonly size: number
  /** Base64. */
  readonly root: string
  /** Where it is kept. */
  readonly place: string
}

/** Looks at a tree that grows leaf by leaf from none. */
export interface AnchoredRoots {
  /** The largest size that was not passed yet; 0 if there is none. */
  readonly ahead: number
  /** Throws Fatal if the tree has another root than somebody knows of this size. */
  pass(tree: Tree): void
}

export function passRoots(given: readonly AnchoredRoot[]): AnchoredRoots {
  const waiting = new Map(given.map((anchored) => [anchored, anchored.size]))
  return {
    get ahead() {
      return Math.max(0, ...waiting.values())
    },
    pass(tree) {
      for (const [anchored, size] of waiting) {
        if (size !== tree.size) continue
        if (tree.root().toString('base64') !== anchored.root) throw otherHistory(anchored, tree)
        waiting.delete(anchored)
      }
    }
  }
}

function otherHistory({ size, root, place }: AnchoredRoot, tree: Tree): Fatal {
  return new Fatal(
    `${place} has a checkpoint of ${size} entries with the root ${root} that this log signed, but the first ${size} records of the journal give ${tree.root().toString('base64')}: ` +
      'a record was changed, removed or put in between. Nothing more is signed. Restore the newest copy of the data folder; ' +
      'if there is none, keep this folder and the anchor as they are: they are evidence (docs/evidence.md).'
  )
}
