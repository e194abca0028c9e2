import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Page, Position } from '../index/store.ts'
import { limits } from '../limits.ts'
import { negotiate } from './accept.ts'
import { type Choice, chosenOf, fieldsParameter, type ItemSchema, leavesOf } from './choice.ts'
import { encodeCursor, type List } from './cursors.ts'
import { listOf } from './documents.ts'
import { sendExport } from './export.ts'
import { cursor, invalid, type Parameter } from './parameters.ts'
import type { Answer } from './routes.ts'

export interface ListDefinition {
  /** Whose positions its cursors are. */
  list: List
  /** Schema of an item, which is also what `fields` can choose from. */
  item: ItemSchema
  /** Columns of CSV where the request chooses none: names of fields or groups. */
  columns: readonly string[]
  /** Items that an export asks for at once. */
  exportPageItems?: number
}

/** What of a list is asked for: the values of its parameters. */
export interface Part {
  fields?: Choice | undefined
  limit?: number | undefined
  cursor?: Position | undefined
  /** The list whose positions its cursors are, where that depends on the request. */
  list?: List
}

/** Asks for the items behind `after`, at most `limit`. */
type AskForPage = (part: { after: Position | undefined; limit: number }) => Promise<Page<object>>

export interface ListRoute {
  parameters: { fields: Parameter<Choice>; limit: Parameter<number>; cursor: Parameter<Position> }
  /** For the route's schema. */
  response: Record<200 | 406, object>
  /** Answers with a page as JSON, or with the whole list as NDJSON or CSV, as the header Accept says. */
  answer(
    request: FastifyRequest,
    reply: FastifyReply,
    part: Part,
    page: AskForPage
  ): Promise<Answer<object> | FastifyReply>
}

/** What all routes that answer a list have in common: forms, pages, exports, fields. */
export function listRoute(definition: ListDefinition): ListRoute {
  const { list, item, columns, exportPageItems = limits.exportPageItems } = definition
  return {
    parameters: { fields: fieldsParameter(item), limit, cursor: cursor(list) },
    response: listOf(item),
    async answer(request, reply, part, page) {
      const { fields, cursor: after } = part
      const { form, mediaType } = negotiate(request.headers.accept)
      reply.header('vary', 'accept')
      if (form === 'page') {
        const items = pageItems(part.limit)
        return answerOf(part.list ?? list, await page({ after, limit: items }), fields)
      }
      return sendExport(request, reply, {
        form,
        mediaType,
        fields,
        columns: leavesOf(fields?.names ?? columns, item),
        after,
        itemsMax: part.limit,
        pageItems: exportPageItems,
        page
      })
    }
  }
}

function answerOf(list: List, { items, next }: Page<object>, fields: Choice | undefined): Answer<object> {
  return {
    items: fields === undefined ? items : items.map((item) => chosenOf(item, fields)),
    next: next === undefined ? null : encodeCursor(list, next)
  }
}

const PAGE_ITEMS = `a whole number from 1 to ${limits.pageItemsMax}`
const HINT = ' Of an export, with Accept: application/x-ndjson or text/csv, it may be any from 1 on.'

function pageItems(given: number = limits.pageItemsDefault): number {
  if (given <= limits.pageItemsMax) return given
  throw invalid('limit', PAGE_ITEMS, String(given), HINT)
}

/** How many items are wanted: of a page up to a limit, of an export any number. */
const limit: Parameter<number> = {
  schema: {
    type: 'integer',
    description: `Items of the page, at most: from 1 to ${limits.pageItemsMax}, ${limits.pageItemsDefault} if it is absent; a page of large items may be shorter although more follow. Of an export as NDJSON or CSV: items of all of it, which is everything if it is absent.`,
    minimum: 1
  },
  read(given, name) {
    const count = /^[0-9]{1,15}$/.test(given) ? Number(given) : 0
    if (count >= 1) return count
    throw invalid(name, PAGE_ITEMS, given, HINT)
  }
}
