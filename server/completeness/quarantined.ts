import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
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
  /** Lines that nobody can read, and that may have been written in the time that is asked for, or later. */
  unreadable: number
}

const NAME_PATTERN = /^([0-9]{12})\.ndjson$/
const CONFLICT_PATTERN = /^event\.id "(.+?)" was acknowledged/

/**
 * Reads the quarantine, whose size is bounded, while the service adds to it. Files are numbered from 0, so that those that
 * went show, also one that goes while it is read. Nobody can tell a line that a crash has torn, which was never answered,
 * from one that was damaged.
 */
export async function readQuarantine(directory: string, period: Period): Promise<QuarantineContent> {
  const names = (await readdir(directory)).filter((name) => NAME_PATTERN.test(name)).sort()
  const groups = new Map<string, RefusedLines>()
  const conflicts: RefusedId[] = []
  let oldest: number | undefined
  let isWhole = true
  let next = 0
  let unreadable = 0
  const take = (entry: Quarantined): void => {
    const { received, code, message } = entry
    oldest ??= Date.parse(received)
    // The lines stand in the order of their times.
    if (Date.parse(received) < period.fromMs) unreadable = 0
    const conflict = code === 'event_conflict' ? CONFLICT_PATTERN.exec(message)?.[1] : undefined
    if (conflict !== undefined) conflicts.push({ eventId: conflict, at: received })
    else if (isWithin(received, period)) addTo(groups, entry)
  }
  for (const name of names) {
    const lines = await linesOf(join(directory, name), name === names.at(-1))
    const number = Number(NAME_PATTERN.exec(name)?.[1])
    if (lines === undefined || number !== next) {
      isWhole = false
      oldest = undefined
    }
    next = number + 1
    for (const line of lines ?? []) {
      const entry = parsed(line)
      if (entry === undefined) unreadable++
      else take(entry)
    }
  }
  // Where nothing is left to tell since when, nothing is kept of the time that is asked for.
  const keptSinceMs = isWhole ? undefined : (oldest ?? period.toMs)
  return { refused: [...groups.values()], conflicts, keptSinceMs, unreadable }
}

/** Undefined if the file is gone: the oldest one goes when there are too many. */
async function linesOf(path: string, isLast: boolean): Promise<string[] | undefined> {
  try {
    const lines = (await readFile(path, 'utf8')).split('\n')
    const rest = lines.pop() ?? ''
    // The service may be writing it, and has answered nobody yet.
    const isBeingWritten = isLast && parsed(rest) === undefined
    return rest === '' || isBeingWritten ? lines : [...lines, rest]
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function parsed(line: string): Quarantined | undefined {
  try {
    const entry = JSON.parse(line) as Quarantined | null
    return Number.isNaN(Date.parse(entry?.received ?? '')) ? undefined : (entry ?? undefined)
  } catch {
    return undefined
  }
}

function addTo(groups: Map<string, RefusedLines>, { sender, code, received, message }: Quarantined): void {
  const key = JSON.stringify([sender, code])
  const group = groups.get(key) ?? { sender, code, lines: 0, first: received, last: received, message }
  groups.set(key, { ...group, lines: group.lines + 1, last: received })
}
