import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Quarantined } from '../receive/quarantine.ts'
import { isWithin, type Period } from './period.ts'

/** What was refused of a sender for the same reason. */
export interface RefusedLines {
  sender: string
  code: string
  /** Lines, or bodies that could not be cut into lines. */
  lines: number
  first: string
  last: string
  /** Of the first of them. */
  message: string
}

/** Somebody used the id of an acknowledged event again, with other content. */
export interface RefusedId {
  eventId: string
  /** RFC 3339. */
  at: string
}

export interface QuarantineContent {
  /** What was refused in the time that is asked for, but conflicts. */
  refused: RefusedLines[]
  /** Conflicts of any time. */
  conflicts: RefusedId[]
  /** What was refused before is no longer kept, in milliseconds since 1970; undefined if everything is. */
  keptSinceMs: number | undefined
}

const NAME_PATTERN = /^([0-9]{12})\.ndjson$/
const CONFLICT_PATTERN = /^event\.id "(.+?)" was acknowledged/

/** Reads the quarantine, whose size is bounded, while the service adds to it. A line that a crash has torn was never answered. */
export async function readQuarantine(directory: string, period: Period): Promise<QuarantineContent> {
  const names = (await readdir(directory)).filter((name) => NAME_PATTERN.test(name)).sort()
  const groups = new Map<string, RefusedLines>()
  const conflicts: RefusedId[] = []
  let oldest: number | undefined
  for (const name of names) {
    for await (const entry of entriesIn(join(directory, name))) {
      oldest ??= Date.parse(entry.received)
      const conflict = entry.code === 'event_conflict' ? CONFLICT_PATTERN.exec(entry.message)?.[1] : undefined
      if (conflict !== undefined) conflicts.push({ eventId: conflict, at: entry.received })
      else if (isWithin(entry.received, period)) addTo(groups, entry)
    }
  }
  const isWhole = names[0] === undefined || Number(NAME_PATTERN.exec(names[0])?.[1]) === 0
  return { refused: [...groups.values()], conflicts, keptSinceMs: isWhole ? undefined : oldest }
}

async function* entriesIn(path: string): AsyncGenerator<Quarantined, void, undefined> {
  const stream = createReadStream(path)
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      const entry = parsed(line)
      if (entry !== undefined) yield entry
    }
  } catch (error) {
    // The oldest file goes when there are too many.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  } finally {
    stream.destroy()
  }
}

function parsed(line: string): Quarantined | undefined {
  try {
    return JSON.parse(line) as Quarantined
  } catch {
    // Torn by a crash, before anybody was answered.
    return undefined
  }
}

function addTo(groups: Map<string, RefusedLines>, { sender, code, received, message }: Quarantined): void {
  const key = JSON.stringify([sender, code])
  const group = groups.get(key) ?? { sender, code, lines: 0, first: received, last: received, message }
  groups.set(key, { ...group, lines: group.lines + 1, last: received })
}
