import { type LogDisk, realLogDisk } from '../../server/seal/disk.ts'

/** The end of a process, or of the power to it. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

/** A disk that counts what is changed on it, and at a given step ends the process, before that step or when half of it is done. */
export interface CrashingDisk extends LogDisk {
  /** Names of the changes so far. */
  readonly steps: readonly string[]
}

export function crashingDisk(step: number, when: 'before' | 'half-way'): CrashingDisk {
  const steps: string[] = []
  const change = (name: string, act: () => void, half: () => void = act): void => {
    const isNow = steps.push(name) === step
    if (isNow && when === 'before') throw new Crash(name)
    if (isNow) half()
    else act()
    if (isNow) throw new Crash(name)
  }
  return {
    ...realLogDisk,
    steps,
    put: (path, content) =>
      change(
        `put ${path}`,
        () => realLogDisk.put(path, content),
        () => realLogDisk.put(path, content.subarray(0, content.length / 2))
      ),
    sync: (path) => change(`sync ${path}`, () => realLogDisk.sync(path)),
    rename: (from, to) => change(`rename ${to}`, () => realLogDisk.rename(from, to)),
    syncDirectory: (path) => change(`sync directory ${path}`, () => realLogDisk.syncDirectory(path)),
    removeDirectory: (path) => change(`remove ${path}`, () => realLogDisk.removeDirectory(path)),
    makeDirectory(path) {
      let made: string | undefined
      change(`make ${path}`, () => {
        made = realLogDisk.makeDirectory(path)
      })
      return made
    }
  }
}
