import { basename, dirname } from 'node:path'
import type { FileSystem, OpenFile } from '../../server/file-system.ts'
import { MemoryFile } from './memory-file.ts'
import type { Random } from './random.ts'

type Node = MemoryFile | 'directory'
/** A change of names that a power cut leaves whole or takes whole. */
type NameChange = readonly { path: string; node: Node | undefined }[]

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

/**
 * A disk in memory that keeps no more than server/file-system.ts promises. `powerCut` and `kill` end the process
 * that works on it: what is under way does not come back. `restart` is for the next one.
 */
export class MemoryDisk implements FileSystem {
  faults: Faults = () => undefined
  operations = 0
  /** The process ends with the operation of this number, or within it. */
  endsAt = Number.POSITIVE_INFINITY
  readonly #random: Random
  #names = new Map<string, Node>([['/', 'directory']])
  #stableNames = new Map(this.#names)
  /** Changes of names in a folder since it was synced. */
  readonly #pending = new Map<string, NameChange[]>()
  #life = 0
  #isGone = false

  constructor(random: Random) {
    this.#random = random
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** kill -9: what was written is still in the kernel's memory. */
  kill(): void {
    this.#isGone = true
  }

  /** What was not synced is there, or not, or in part, in any order. */
  powerCut(): void {
    this.kill()
    const files = new Set([...this.#names.values(), ...this.#stableNames.values()])
    for (const changes of this.#pending.values())
      for (const change of changes) for (const { node } of change) if (node !== undefined) files.add(node)
    for (const file of files) if (file !== 'directory') file.losePower(this.#random)
    for (const changes of this.#pending.values()) {
      const isOrdered = this.#random.chance(0.5)
      const count = this.#random.integer(changes.length + 1)
      this.#settle(changes.filter((_, at) => (isOrdered ? at < count : this.#random.chance(0.5))))
    }
    this.#pending.clear()
    const isReachable = (path: string): boolean =>
      path === '/' || (this.#stableNames.get(dirname(path)) === 'directory' && isReachable(dirname(path)))
    this.#stableNames = new Map([...this.#stableNames].filter(([path]) => isReachable(path)))
    this.#names = new Map(this.#stableNames)
  }

  restart(): void {
    this.#life += 1
    this.#isGone = false
    this.endsAt = Number.POSITIVE_INFINITY
  }

  async open(path: string, flags: 'r' | 'r+' | 'wx+'): Promise<OpenFile> {
    await this.#turn()
    const create = (): void => {
      if (this.exists(path)) throw failure('EEXIST')
      this.#rename([{ path, node: new MemoryFile() }])
    }
    if (flags === 'wx+') this.#do('create', create)
    else this.#do('open', () => undefined)
    return this.#handle(this.#file(path))
  }

  exists(path: string): boolean {
    return this.#names.has(path)
  }

  names(directory: string): string[] {
    const inIt = (path: string): boolean => path !== '/' && dirname(path) === directory
    return this.#do('list', () => [...this.#names.keys()].filter(inIt).map((path) => basename(path)))
  }

  size(path: string): number {
    return this.#do('list', () => this.#file(path).content.length)
  }

  read(path: string): Buffer {
    return this.#do('read', () => Buffer.from(this.#file(path).content))
  }

  write(path: string, content: string): void {
    this.#do('create', () => {
      const file = this.exists(path) ? this.#file(path) : new MemoryFile()
      if (!this.exists(path)) this.#rename([{ path, node: file }])
      file.truncate(0)
      file.write(Buffer.from(content), 0)
    })
    this.#do('datasync', () => this.#file(path).sync())
  }

  rename(from: string, to: string): void {
    this.#do('rename', () =>
      this.#rename([
        { path: to, node: this.#file(from) },
        { path: from, node: undefined }
      ])
    )
  }

  remove(path: string): void {
    this.#do('remove', () => this.#rename([{ path, node: undefined }]))
  }

  makeDirectory(path: string): string | undefined {
    if (this.exists(path)) return undefined
    const above = this.makeDirectory(dirname(path))
    this.#do('create', () => this.#rename([{ path, node: 'directory' }]))
    return above ?? path
  }

  syncDirectory(path: string): void {
    this.#do('sync directory', () => {
      this.#settle(this.#pending.get(path) ?? [])
      this.#pending.delete(path)
    })
  }

  checkAccess(directory: string): void {
    if (!this.exists(directory)) throw failure('ENOENT')
  }

  #handle(file: MemoryFile): OpenFile {
    const life = this.#life
    const act = async <Result>(operation: Operation, work: (part: number) => Result): Promise<Result> => {
      await this.#turn()
      // A handle of a process that has ended does nothing any more.
      if (life !== this.#life) throw new Gone()
      return this.#do(operation, work, () => file.failSync(this.#random))
    }
    return {
      read: (bytes, offset, length, position) =>
        act('read', (part) => {
          const whole = Math.min(length, Math.max(0, file.content.length - position))
          const bytesRead = Math.ceil(whole * part)
          file.content.copy(bytes, offset, position, position + bytesRead)
          return { bytesRead }
        }),
      write: (bytes, offset, length, position) =>
        act('write', (part) => {
          const bytesWritten = Math.ceil(length * part)
          file.write(bytes.subarray(offset, offset + bytesWritten), position)
          return { bytesWritten }
        }),
      datasync: () => act('datasync', () => file.sync()),
      truncate: (size) => act('truncate', () => file.truncate(size)),
      close: async () => undefined
    }
  }

  /** Does the work, unless it fails or the process ends. `part` of the work is less than 1 where it is cut short. */
  #do<Result>(operation: Operation, work: (part: number) => Result, failSync?: () => void): Result {
    if (this.#isGone) throw new Gone()
    this.operations += 1
    if (this.operations >= this.endsAt) {
      if (this.#random.chance(0.5)) work(this.#random.integer(5) / 4)
      this.kill()
      throw new Gone()
    }
    const fault = this.faults(operation)
    if (fault === undefined) return work(1)
    if (fault === 'short')
      return work(operation === 'write' || operation === 'read' ? 0.01 + this.#random.integer(99) / 100 : 1)
    if (operation === 'datasync') failSync?.()
    else if (fault.when === 'after') work(this.#random.integer(5) / 4)
    throw failure(fault.code)
  }

  /** Some operations take a turn of the event loop, so that others come in between. */
  async #turn(): Promise<void> {
    if (this.#random.chance(0.3)) await new Promise(setImmediate)
  }

  #file(path: string): MemoryFile {
    const node = this.#names.get(path)
    if (node === undefined) throw failure('ENOENT')
    if (node === 'directory') throw failure('EISDIR')
    return node
  }

  #rename(change: NameChange): void {
    for (const { path, node } of change) {
      if (node === undefined) this.#names.delete(path)
      else this.#names.set(path, node)
    }
    // A rename within one folder is one change of it.
    const directory = dirname(change[0]?.path ?? '/')
    const pending = this.#pending.get(directory)
    if (pending === undefined) this.#pending.set(directory, [change])
    else pending.push(change)
  }

  #settle(changes: readonly NameChange[]): void {
    for (const { path, node } of changes.flat()) {
      if (node === undefined) this.#stableNames.delete(path)
      else this.#stableNames.set(path, node)
    }
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code} of a disk in memory`), { code })
}
