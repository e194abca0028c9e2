import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Position } from '../../index/store.ts'
import { limits } from '../../limits.ts'
import type { Choice, ItemSchema } from '../choice.ts'
import { decodeCursor } from '../cursors.ts'
import { isBehind, pageAfter } from '../keyset.ts'
import { listRoute } from '../list.ts'
import { cursorOfSort, oneOf, type Parameter } from '../parameters.ts'
import type { Answer } from '../routes.ts'

/** Behind every number that an item may have: what has none comes last. */
const NO_NUMBER = Number.MAX_VALUE

/**
 * A list that is summed up whole for each request, then sorted and cut into pages. `sorts` gives for each way to
 * sort it the number of an item, the greatest first; where that is the same it is sorted by name, and so by `name`
 * alone. The first way is the default.
 */
export interface SummedList<Item extends object, Sort extends string> {
  list: 'hosts' | 'playbooks' | 'tasks' | 'users'
  item: ItemSchema
  /** Columns of CSV where the request chooses none. */
  columns: readonly string[]
  nameOf(item: Item): string
  sorts: Readonly<Record<Sort, (item: Item) => number | undefined>>
  /** What the ways to sort mean, for /openapi.json. */
  order: string
}

/** The parameters that all these lists have, as they are read. */
interface Given<Sort> {
  sort?: Sort | undefined
  fields?: Choice | undefined
  limit?: number | undefined
  cursor?: string | undefined
}

interface SummedRoute<Item extends object, Sort extends string> {
  parameters: {
    sort: Parameter<Sort>
    fields: Parameter<Choice>
    limit: Parameter<number>
    cursor: Parameter<string>
  }
  /** For the route's schema. */
  response: Record<200 | 406, object>
  /** Answers with the part of the list that is asked for, once `sumUp` has it whole. */
  answer(
    request: FastifyRequest,
    reply: FastifyReply,
    given: Given<Sort>,
    sumUp: () => Promise<Item[]>
  ): Promise<Answer<object> | FastifyReply>
}

export function summedRoute<Item extends object, Sort extends string>(
  summed: SummedList<Item, Sort>,
  example: object
): SummedRoute<Item, Sort> {
  const { list, item, columns, nameOf, sorts, order } = summed
  const names = Object.keys(sorts) as Sort[]
  // The list is in memory: it is cut into pages alone so that it is not one text.
  const exportPageItems = limits.pageItemsMax
  const route = listRoute({ list: `${list} by name`, item, columns, exportPageItems })
  return {
    parameters: {
      sort: oneOf(names, order, names[0]),
      ...route.parameters,
      cursor: cursorOfSort(`${list} by ${names[0]}`, [0, 'web-07'])
    },
    response: withExample(route.response, example),
    answer(request, reply, { sort = names[0], fields, limit, cursor }, sumUp) {
      if (sort === undefined) throw new Error(`there is no way to sort ${list}`)
      const ofSort = `${list} by ${sort}` as const
      const after = cursor === undefined ? undefined : decodeCursor(ofSort, cursor)
      const positionOf = (one: Item): Position => [-(sorts[sort](one) ?? -NO_NUMBER), nameOf(one)]
      // Of all pages of an export.
      let whole: Promise<Item[]> | undefined
      const sorted = async (): Promise<Item[]> =>
        (await sumUp()).sort((one, other) => (isBehind(positionOf(one), positionOf(other)) ? 1 : -1))
      return route.answer(request, reply, { fields, limit, cursor: after, list: ofSort }, async (part) => {
        whole ??= sorted()
        return pageAfter(await whole, positionOf, part)
      })
    }
  }
}

/** The answers of a list, with an example of a page. */
export function withExample(response: Record<200 | 406, object>, example: object): Record<200 | 406, object> {
  const page = response[200] as { content: Record<string, object> }
  const json = { ...page.content['application/json'], example }
  return { ...response, 200: { ...page, content: { ...page.content, 'application/json': json } } }
}
