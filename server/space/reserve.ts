import { randomBytes } from 'node:crypto'
import { rmSync, statSync, writeFileSync } from 'node:fs'
import { diskFullCode } from '../data-folder.ts'
import { limits } from '../limits.ts'

/** A file that only takes up space: where nothing is left, it is given up for what has to be said about that. */
export interface Reserve {
  /** False where the disk has no room for it. */
  make(): boolean
  release(): void
}

export function reserveIn(path: string): Reserve {
  return {
    make() {
      if (statSync(path, { throwIfNoEntry: false })?.size === limits.reserveBytes) return true
      try {
        // Random, for file systems that compress: zeros would reserve nothing.
        writeFileSync(path, randomBytes(limits.reserveBytes), { mode: 0o600, flush: true })
        return true
      } catch (error) {
        if (diskFullCode(error) === undefined) throw error
        rmSync(path, { force: true })
        return false
      }
    },
    release: () => rmSync(path, { force: true })
  }
}
