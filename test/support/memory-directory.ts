import { MemoryFile } from './memory-file.ts'
import type { Random } from './random.ts'

export type Node = MemoryFile | MemoryDirectory

/** A name in a folder that stands for something else from now on, or for nothing. */
export interface NamePart {
  directory: MemoryDirectory
  name: string
  node: Node | undefined
}

/** What one call changed of names: a power cut leaves it whole or takes it whole, as file systems with a journal do. */
export type NameChange = readonly NamePart[]

/** The names in a folder twice: as programs see them, and as they are on the platter. */
export class MemoryDirectory {
  #names = new Map<string, Node>()
  readonly #stable = new Map<string, Node>()

  get names(): ReadonlyMap<string, Node> {
    return this.#names
  }

  get stable(): ReadonlyMap<string, Node> {
    return this.#stable
  }

  change(name: string, node: Node | undefined): void {
    put(this.#names, name, node)
  }

  settle(name: string, node: Node | undefined): void {
    put(this.#stable, name, node)
  }

  forgetUnsettled(): void {
    this.#names = new Map(this.#stable)
  }
}

/** Everything that lies below a folder loses its power; of the changes of names those are kept that were drawn. */
export function losePower(root: MemoryDirectory, changes: readonly NameChange[], random: Random): void {
  const all = new Set<Node>()
  const visit = (node: Node | undefined): void => {
    if (node === undefined || all.has(node)) return
    all.add(node)
    if (node instanceof MemoryFile) return
    for (const below of [...node.names.values(), ...node.stable.values()]) visit(below)
  }
  visit(root)
  for (const { node } of changes.flat()) visit(node)
  for (const { directory, name, node } of drawn(changes, random).flat()) directory.settle(name, node)
  for (const node of all) {
    if (node instanceof MemoryFile) node.losePower(random)
    else node.forgetUnsettled()
  }
}

/** In each folder the first so many changes got to the disk, or any of them. */
function drawn(changes: readonly NameChange[], random: Random): NameChange[] {
  const ofDirectories = Map.groupBy(changes, (change) => change[0]?.directory)
  return [...ofDirectories.values()].flatMap((ofOne) => {
    const isOrdered = random.chance(0.5)
    const count = random.integer(ofOne.length + 1)
    return ofOne.filter((_, at) => (isOrdered ? at < count : random.chance(0.5)))
  })
}

function put(names: Map<string, Node>, name: string, node: Node | undefined): void {
  if (node === undefined) names.delete(name)
  else names.set(name, node)
}
