import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type LogDisk, realLogDisk } from '../../server/seal/disk.ts'
import { Crash } from './faulty-disk.ts'

/** What a name stands for: a folder, or a file with what of it is on disk and what is in memory. */
type Node = 'folder' | { memory: Buffer; disk: Buffer | undefined }

/** A disk of real files that can lose its power: what was not synced by then may be there, in part, or not. */
export interface PowerLossDisk extends LogDisk {
  /** Ends the process (Crash) before change `step` from now on. */
  crashAt(step: number): void
  /** Takes the power away, and leaves in the folder what a disk may have kept. */
  losePower(random: (bound: number) => number): void
}

/** `root`: the folder. All that is in it by now is on disk. */
export function powerLossDisk(root: string): PowerLossDisk {
  let memory = new Map<string, Node>()
  let disk = new Map<string, Node>()
  const renamed = new Map<string, string>()
  let left = Number.POSITIVE_INFINITY
  const change = (): void => {
    left -= 1
    if (left < 0) throw new Crash('power')
  }
  const takeStock = (): void => {
    memory = namesIn(root)
    disk = new Map(memory)
  }
  /** What is on disk in a folder stays there when the folder gets another name. */
  const bringAlong = (from: string | undefined, to: string): void => {
    if (from === undefined) return
    renamed.delete(to)
    for (const [name, node] of [...disk])
      if (name.startsWith(`${from}/`)) disk.set(to + name.slice(from.length), node)
  }
  takeStock()

  return {
    ...realLogDisk,
    crashAt(step) {
      left = step
    },
    put(path, content) {
      change()
      realLogDisk.put(path, content)
      const known = memory.get(path)
      // A file that is written again loses what it had: that may be gone first.
      const before = known === undefined || known === 'folder' ? undefined : known.disk
      memory.set(path, {
        memory: Buffer.from(content),
        disk: before === undefined ? undefined : Buffer.alloc(0)
      })
    },
    sync(path) {
      change()
      const node = memory.get(path)
      if (node !== undefined && node !== 'folder') node.disk = node.memory
    },
    rename(from, to) {
      change()
      realLogDisk.rename(from, to)
      for (const [name, node] of [...memory]) {
        if (name !== from && !name.startsWith(`${from}/`)) continue
        memory.delete(name)
        memory.set(to + name.slice(from.length), node)
      }
      renamed.set(to, from)
    },
    makeDirectory(path) {
      change()
      const made = realLogDisk.makeDirectory(path)
      for (let at = path; at.startsWith(root) && !memory.has(at); at = dirname(at)) memory.set(at, 'folder')
      return made
    },
    removeDirectory(path) {
      change()
      realLogDisk.removeDirectory(path)
      for (const name of memory.keys()) if (name === path || name.startsWith(`${path}/`)) memory.delete(name)
    },
    syncDirectory(path) {
      change()
      for (const name of new Set([...memory.keys(), ...disk.keys()])) {
        if (dirname(name) !== path) continue
        const node = memory.get(name)
        if (node === undefined) disk.delete(name)
        else disk.set(name, node)
        if (node === 'folder') bringAlong(renamed.get(name), name)
      }
    },
    losePower(random) {
      left = Number.POSITIVE_INFINITY
      const kept = new Map<string, Node>()
      for (const name of [...new Set([...memory.keys(), ...disk.keys()])].sort()) {
        const node = random(2) === 0 ? memory.get(name) : disk.get(name)
        // What a name stands for is only found through its folders.
        if (node !== undefined && (dirname(name) === root || kept.has(dirname(name)))) kept.set(name, node)
      }
      for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true })
      for (const [name, node] of kept) {
        if (node === 'folder') mkdirSync(name, { mode: 0o700 })
        else writeFileSync(name, contentAfter(node, random), { mode: 0o600 })
      }
      takeStock()
    }
  }
}

/** What is found of a file: what was synced, or any part of what was not. */
function contentAfter({ memory, disk }: Exclude<Node, 'folder'>, random: (bound: number) => number): Buffer {
  if (disk === memory) return memory
  const part = memory.subarray(0, random(memory.length + 1))
  return [disk ?? Buffer.alloc(0), part, Buffer.alloc(memory.length), memory][random(4)] ?? memory
}

function namesIn(root: string): Map<string, Node> {
  const nodes = new Map<string, Node>()
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(root, name)
    if (statSync(path).isDirectory()) nodes.set(path, 'folder')
    else {
      const content = readFileSync(path)
      nodes.set(path, { memory: content, disk: content })
    }
  }
  return nodes
}
