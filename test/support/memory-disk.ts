import { basename, dirname } from 'node:path'
import type { FileSystem, OpenFile } from '../../server/file-system.ts'
import type { LogDisk } from '../../server/seal/disk.ts'
import { type Faults, failure, Gone, type Operation } from './disk-faults.ts'
import { losePower, MemoryDirectory, type NameChange, type Node } from './memory-directory.ts'
import { MemoryFile } from './memory-file.ts'
import type { Random } from './random.ts'

/**
 * A disk in memory that keeps no more than server/file-system.ts promises. `powerCut` and `kill` end the process
 * that works on it: what is under way does not come back. `restart` is for the next one.
 */
export class MemoryDisk implements FileSystem, LogDisk {
  faults: Faults = () => undefined
  /** Told what a file is to hold before `put` writes it. */
  onPut: (path: string, content: Uint8Array) => void = () => undefined
  operations = 0
  /** The process ends with the operation of this number, or within it. */
  endsAt = Number.POSITIVE_INFINITY
  readonly #random: Random
  readonly #root = new MemoryDirectory()
  /** Changes of names that no sync has made durable yet, in order. */
  #pending: NameChange[] = []
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
    losePower(this.#root, this.#pending, this.#random)
    this.#pending = []
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
      this.#change([path, new MemoryFile()])
    }
    if (flags === 'wx+') this.#do('create', create)
    else this.#do('open', () => undefined)
    return this.#handle(this.#file(path))
  }

  exists(path: string): boolean {
    return this.#find(path) !== undefined
  }

  names(directory: string): string[] {
    return this.#do('list', () => [...this.#directory(directory).names.keys()])
  }

  size(path: string): number {
    return this.#do('list', () => this.#file(path).content.length)
  }

  mode(): number {
    return 0o600
  }

  read(path: string): Buffer {
    return this.#do('read', () => Buffer.from(this.#file(path).content))
  }

  write(path: string, content: string): void {
    this.put(path, Buffer.from(content))
    this.sync(path)
  }

  put(path: string, content: Uint8Array): void {
    this.onPut(path, content)
    this.#do('create', (part) => {
      const file = this.exists(path) ? this.#file(path) : new MemoryFile()
      if (!this.exists(path)) this.#change([path, file])
      file.truncate(0)
      file.write(Buffer.from(content.subarray(0, Math.ceil(content.length * part))), 0)
    })
  }

  sync(path: string): void {
    const file = this.#file(path)
    this.#do(
      'datasync',
      () => file.sync(),
      () => file.failSync(this.#random)
    )
  }

  rename(from: string, to: string): void {
    this.#do('rename', () => this.#change([to, this.#node(from)], [from, undefined]))
  }

  remove(path: string): void {
    this.#do('remove', () => this.#change([path, undefined]))
  }

  /** As `rm -r` does it: one name after the other. */
  removeDirectory(path: string): void {
    if (!this.exists(path)) return
    for (const [name, node] of this.#directory(path).names) {
      if (node instanceof MemoryFile) this.remove(`${path}/${name}`)
      else this.removeDirectory(`${path}/${name}`)
    }
    this.remove(path)
  }

  makeDirectory(path: string): string | undefined {
    if (this.exists(path)) return undefined
    const above = this.makeDirectory(dirname(path))
    this.#do('create', () => this.#change([path, new MemoryDirectory()]))
    return above ?? path
  }

  syncDirectory(path: string): void {
    this.#do('sync directory', () => {
      const directory = this.#directory(path)
      const isOfIt = (change: NameChange): boolean => change.some((part) => part.directory === directory)
      for (const part of this.#pending.filter(isOfIt).flat()) part.directory.settle(part.name, part.node)
      this.#pending = this.#pending.filter((change) => !isOfIt(change))
    })
  }

  /** What is found of the file after any power cut from now on; undefined if that is open. */
  surviving(path: string): Buffer | undefined {
    const [first, ...others] = this.#possible(path).map((node) =>
      node instanceof MemoryFile ? node.durable : undefined
    )
    return first !== undefined && others.every((other) => other?.equals(first)) ? first : undefined
  }

  /** What a path may stand for after a power cut. */
  #possible(path: string): (Node | undefined)[] {
    let nodes: (Node | undefined)[] = [this.#root]
    for (const name of namesOf(path))
      nodes = nodes.flatMap((node) => {
        if (!(node instanceof MemoryDirectory)) return [undefined]
        const pending = this.#pending.flat().filter((part) => part.directory === node && part.name === name)
        return [
          ...new Set([node.stable.get(name), node.names.get(name), ...pending.map((part) => part.node)])
        ]
      })
    return nodes
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

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root
    for (const name of namesOf(path))
      node = node instanceof MemoryDirectory ? node.names.get(name) : undefined
    return node
  }

  #node(path: string): Node {
    const node = this.#find(path)
    if (node === undefined) throw failure('ENOENT')
    return node
  }

  #file(path: string): MemoryFile {
    const node = this.#node(path)
    if (node instanceof MemoryDirectory) throw failure('EISDIR')
    return node
  }

  #directory(path: string): MemoryDirectory {
    const node = this.#node(path)
    if (node instanceof MemoryFile) throw failure('ENOTDIR')
    return node
  }

  /** What one call makes of these paths is one change. */
  #change(...parts: [path: string, node: Node | undefined][]): void {
    const change = parts.map(([path, node]) => ({
      directory: this.#directory(dirname(path)),
      name: basename(path),
      node
    }))
    for (const { directory, name, node } of change) directory.change(name, node)
    this.#pending.push(change)
  }
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '')
}
