import { AnswerError } from './errors.ts'
import { ask, askedOf, parseObject, type Server } from './request.ts'
import { PAGE_ITEMS_MAX } from './types.ts'

/** Header of every answer: how many acknowledged events it may lack, since the index has not got them yet. */
const LAG_HEADER = 'playtrail-index-lag'

/** Some items of a list, and whether the server has more behind them. */
export interface Page<Item, Whole = unknown> {
  items: Item[]
  hasMore: boolean
  /** Acknowledged events that the answer may lack, as far as the server says. */
  lag: number
  /** As it was answered: some lists say more than their items. */
  page: Whole
}

export interface ListOptions {
  /** How many items are wanted in all; without it, every one. */
  itemsMax?: number | undefined
  signal?: AbortSignal | undefined
}

export type QueryValues = Readonly<Record<string, string | number | undefined>>

/** The pages of a list, in its order, each asked for when it is wanted. */
export async function* pagesOf<Item, Whole>(
  server: Server,
  path: string,
  query: QueryValues,
  { itemsMax = Number.POSITIVE_INFINITY, signal }: ListOptions
): AsyncGenerator<Page<Item, Whole>, void, undefined> {
  const limit = query.limit ?? Math.min(itemsMax, PAGE_ITEMS_MAX)
  let left = itemsMax
  let cursor = query.cursor
  while (left > 0) {
    const { page, lag } = await pageOf<Item>(server, path, { ...query, limit, cursor }, signal)
    // Without this, a server that turns in circles would keep us turning with it.
    if (page.next !== null && page.next === cursor)
      throw new AnswerError(askedOf(server), 'its pages do not end')
    const items = page.items.slice(0, left)
    yield { items, hasMore: page.next !== null || items.length < page.items.length, lag, page: page as Whole }
    if (page.next === null) return
    left -= items.length
    cursor = page.next
  }
}

/** The items of pages, one by one. */
export async function* itemsOf<Item>(
  pages: AsyncIterable<Page<Item>>
): AsyncGenerator<Item, void, undefined> {
  for await (const { items } of pages) yield* items
}

async function pageOf<Item>(
  server: Server,
  path: string,
  query: QueryValues,
  signal: AbortSignal | undefined
): Promise<{ page: { items: Item[]; next: string | null }; lag: number }> {
  const { headers, text } = await ask(server, {
    method: 'GET',
    path,
    query,
    accept: 'application/json',
    signal
  })
  const page = parseObject(text)
  if (page === undefined) throw new AnswerError(askedOf(server), 'it is no JSON')
  const isPage = 'items' in page && Array.isArray(page.items) && 'next' in page
  if (!isPage) throw new AnswerError(askedOf(server), 'it is no page of a list')
  // `unknown` where the server could not ask its index yet.
  return { page: page as { items: Item[]; next: string | null }, lag: Number(headers.get(LAG_HEADER)) || 0 }
}
