import { Problem } from '../errors.ts'
import type { Position } from '../index/store.ts'

// A cursor is the position of a page's last item, with the version of this format and the list it belongs
// to: [1, "runs", "019a5344-…"] as JSON in base64url. It means nothing to a client, and holds no secret.

const VERSION = 1

/** The lists, and what a position in each of them is made of. */
const positions = {
  runs: ['string'],
  results: ['number', 'number'],
  events: ['number', 'number'],
  'events, oldest first': ['number', 'number'],
  'plays of a run': ['number', 'string'],
  'tasks of a run': ['number', 'string'],
  'hosts of a run': ['string'],
  matrix: ['string'],
  drift: ['string', 'string', 'string'],
  'runs of a host': ['string']
} as const

/** Lists that are sorted by a number, and by name where that is the same; `hosts by -last_run`. */
type SortedList = `${'hosts' | 'playbooks' | 'tasks' | 'users'} by ${string}`
const sorted = ['number', 'string'] as const

export type List = keyof typeof positions | SortedList

export function encodeCursor(list: List, position: Position): string {
  return Buffer.from(JSON.stringify([VERSION, list, ...position])).toString('base64url')
}

/** The position within a cursor of this list. Throws Problem `cursor_invalid` for anything else. */
export function decodeCursor(list: List, cursor: string): Position {
  const [version, ofList, ...position] = parts(cursor)
  const kinds = isSorted(list) ? sorted : positions[list]
  const fits =
    version === VERSION &&
    ofList === list &&
    position.length === kinds.length &&
    position.every((value, at) => typeof value === kinds[at])
  if (fits) return position as (string | number)[]
  throw new Problem(
    'cursor_invalid',
    `cursor: expected what an earlier page of this list gave as "next"; got "${cursor}". Ask again without it, for the first page.`
  )
}

function isSorted(list: List): list is SortedList {
  return !Object.hasOwn(positions, list)
}

function parts(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    return Array.isArray(value) ? value : []
  } catch {
    // Not JSON: none of ours, as the caller says.
    return []
  }
}
