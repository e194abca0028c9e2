import { Problem } from '../errors.ts'
import type { Position } from '../index/store.ts'

// A cursor is the position of a page's last item, with the version of this format and the list it belongs
// to: [1, "runs", "019a5344-…"] as JSON in base64url. It means nothing to a client, and holds no secret.

const VERSION = 1

/** Of a cursor that is refused, so much is told again. */
const ECHO_CHARACTERS = 100

/** No whole number of a position is greater than the microseconds until the end of the year 9999. */
const INTEGER_MAX = Date.UTC(10_000, 0) * 1000

type Kind = 'integer' | 'number' | 'text'

/** The lists, and what a position in each of them is made of. */
const positions = {
  runs: ['text'],
  results: ['integer', 'integer'],
  events: ['integer', 'integer'],
  'events, oldest first': ['integer', 'integer'],
  'plays of a run': ['integer', 'text'],
  'tasks of a run': ['integer', 'text'],
  'hosts of a run': ['text'],
  matrix: ['text'],
  drift: ['text', 'text', 'text'],
  'runs of a host': ['text']
} as const satisfies Record<string, readonly Kind[]>

/** Lists that are sorted by a number, and by name where that is the same; `hosts by -last_run`. */
type SortedList = `${'hosts' | 'playbooks' | 'tasks' | 'users'} by ${string}`
const sorted = ['number', 'text'] as const

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
    position.every((value, at) => isOfKind(value, kinds[at]))
  if (fits) return position as (string | number)[]
  throw new Problem(
    'cursor_invalid',
    `cursor: expected what an earlier page of this list gave as "next"; got "${echoOf(cursor)}". Ask again without it, for the first page.`
  )
}

/** Whoever forges a cursor may write 1e999, which is Infinity in JavaScript and nothing that an index can look for. */
function isOfKind(value: unknown, kind: Kind | undefined): boolean {
  if (kind === 'integer') return Number.isInteger(value) && Math.abs(Number(value)) <= INTEGER_MAX
  return kind === 'number' ? Number.isFinite(value) : typeof value === 'string'
}

function echoOf(cursor: string): string {
  return cursor.length <= ECHO_CHARACTERS ? cursor : `${cursor.slice(0, ECHO_CHARACTERS)}…`
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
