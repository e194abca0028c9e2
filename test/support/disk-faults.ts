/** How the disk in memory fails, and what its callers get to see of it. */

export type Operation =
  | 'open'
  | 'create'
  | 'read'
  | 'write'
  | 'datasync'
  | 'truncate'
  | 'list'
  | 'rename'
  | 'remove'
  | 'sync directory'

/** `before`: it fails and does nothing. `after`: it does its work, or a part of it, and fails all the same. `short`: only a part of it. */
export type Fault = { code: string; when: 'before' | 'after' } | 'short'

/** Asked at each operation whether it fails. */
export type Faults = (operation: Operation) => Fault | undefined

/** What every operation throws after the process was killed or the power was cut. */
export class Gone extends Error {
  override readonly name = 'Gone'
}

/** What a fault or the end of the process makes of a call. */
export function isDiskFailure(error: unknown): boolean {
  return error instanceof Gone || (error instanceof Error && /of a disk in memory/.test(error.message))
}

export function failure(code: string): Error {
  return Object.assign(new Error(`${code} of a disk in memory`), { code })
}
