import { limits } from '../../limits.ts'
import { decodeCursor } from '../cursors.ts'
import { limit, oneOf, type Parameter, text } from '../parameters.ts'
import type { Query } from '../query/ast.ts'
import { type Answer, answerOf } from '../routes.ts'

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

interface PageRequest<Sort> {
  sort?: Sort | undefined
  limit?: number | undefined
  cursor?: string | undefined
}

/** The parameters that all these lists have. */
export function pageParameters<Item, Sort extends string>(
  { sorts }: SummedList<Item, Sort>,
  description: string
): { sort: Parameter<Sort>; limit: Parameter<number>; cursor: Parameter<string> } {
  const names = sortsOf(sorts)
  return {
    sort: oneOf(names, description, names[0]),
    limit,
    cursor: text('`next` of the page before, which was asked for with the same `sort`.', 'WzEsImhvc3RzIGJ5')
  }
}

/**
 * How to make the page out of the whole list. Throws Problem `cursor_invalid` before anything is asked. A page goes
 * on behind the values that the last item of the one before had, whatever has changed since.
 */
export function pageOf<Item, Sort extends string>(
  { list, nameOf, sorts }: SummedList<Item, Sort>,
  { sort, limit: items = limits.pageItemsDefault, cursor }: PageRequest<Sort>
): (all: readonly Item[]) => Answer<Item> {
  const by = sort ?? sortsOf(sorts)[0]
  if (by === undefined) throw new Error(`there is no way to sort ${list}`)
  const name = `${list} by ${by}` as const
  const after = cursor === undefined ? undefined : placeOf(decodeCursor(name, cursor))
  return (all) => {
    const placed = all
      .map((item) => ({ item, place: [sorts[by](item) ?? NO_VALUE, nameOf(item)] as const }))
      .sort((one, other) => compare(one.place, other.place))
    const rest = after === undefined ? placed : placed.filter(({ place }) => compare(place, after) > 0)
    const page = rest.slice(0, items)
    const next = rest.length > items ? page.at(-1)?.place : undefined
    return answerOf(name, { items: page.map(({ item }) => item), ...(next && { next }) })
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
