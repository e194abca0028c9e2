import type { Position } from '../../index/store.ts'
import { decodeCursor, type List } from '../cursors.ts'
import type { AskForPage, ListRoute } from '../list.ts'
import { oneOf, type Parameter, text } from '../parameters.ts'
import type { Query } from '../query/ast.ts'

/** Sorts before every value that an item may have, so that what has none comes last. */
const NO_VALUE = -Number.MAX_VALUE

/**
 * A list that is summed up whole for each request, then sorted and cut into pages. `sorts` gives for each way to
 * sort it the number of an item, the greatest first; where that is the same it is sorted by name, and so by `name`
 * alone. The first way is the default.
 */
export interface SummedList<Item, Sort extends string> {
  list: 'hosts' | 'playbooks' | 'tasks' | 'users'
  nameOf(item: Item): string
  sorts: Readonly<Record<Sort, (item: Item) => number | undefined>>
}

/** The parameters that all these lists have, with those that every list has. */
export function pageParameters<Item, Sort extends string>(
  { sorts }: SummedList<Item, Sort>,
  { parameters }: ListRoute,
  description: string
): Omit<ListRoute['parameters'], 'cursor'> & { sort: Parameter<Sort>; cursor: Parameter<string> } {
  const names = sortsOf(sorts)
  return {
    ...parameters,
    sort: oneOf(names, description, names[0]),
    // Read with `sort`, which says of which list it is.
    cursor: text('`next` of the page before, which was asked for with the same `sort`.', 'WzEsImhvc3RzIGJ5')
  }
}

interface SortedBy<Item> {
  /** The list that its cursors belong to, and where it begins. */
  part: { list: List; cursor: Position | undefined }
  /** How to cut pages out of the whole list. */
  pages(all: readonly Item[]): AskForPage
}

/**
 * The list as `sort` and `cursor` say. Throws Problem `cursor_invalid` before anything is asked. A page goes on behind
 * the values that the last item of the one before had, whatever has changed since.
 */
export function sortedBy<Item extends object, Sort extends string>(
  { list, nameOf, sorts }: SummedList<Item, Sort>,
  { sort, cursor }: { sort?: Sort | undefined; cursor?: string | undefined }
): SortedBy<Item> {
  const by = sort ?? sortsOf(sorts)[0]
  if (by === undefined) throw new Error(`there is no way to sort ${list}`)
  const name = `${list} by ${by}` as const
  return {
    part: { list: name, cursor: cursor === undefined ? undefined : decodeCursor(name, cursor) },
    pages(all) {
      const placed = all
        .map((item) => ({ item, place: [sorts[by](item) ?? NO_VALUE, nameOf(item)] as const }))
        .sort((one, other) => compare(one.place, other.place))
      return async ({ after, limit }) => {
        const from =
          after === undefined ? 0 : placed.findIndex(({ place }) => compare(place, placeOf(after)) > 0)
        const page = from === -1 ? [] : placed.slice(from, from + limit)
        const next = from !== -1 && placed.length > from + limit ? page.at(-1)?.place : undefined
        return { items: page.map(({ item }) => item), next }
      }
    }
  }
}

type Place = readonly [value: number, name: string]

function placeOf([value, name]: readonly (string | number)[]): Place {
  return [Number(value), String(name)]
}

function compare([value, name]: Place, [otherValue, otherName]: Place): number {
  if (value !== otherValue) return otherValue - value
  return name === otherName ? 0 : name < otherName ? -1 : 1
}

function sortsOf<Sort extends string>(sorts: Readonly<Record<Sort, unknown>>): Sort[] {
  return Object.keys(sorts) as Sort[]
}

/** Filters by the names that the index gives them. */
export function filterOf<Filters extends { q?: Query; from?: number; to?: number }>({
  q,
  from,
  to,
  ...filters
}: Filters): Omit<Filters, 'q' | 'from' | 'to'> & {
  matching: Query | undefined
  fromMs: number | undefined
  toMs: number | undefined
} {
  return { ...filters, matching: q, fromMs: from, toMs: to }
}
