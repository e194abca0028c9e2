import { printableJson } from './printable.ts'
import { paintFor } from './style.ts'
import { print, type Surroundings, widthOf } from './surroundings.ts'
import { type Cell, type Column, createTable } from './table.ts'

/** Some items of a list, and whether there are more behind them. */
export interface Portion<Item> {
  items: Item[]
  hasMore: boolean
  /** Acknowledged events that the answer may lack, as far as the server says. */
  lag?: number
}

export interface ListForm<Item> {
  /** NDJSON instead of a table: one item a line, as the API gave it. */
  isJson: boolean
  columns: readonly Column[]
  rowsOf(items: readonly Item[]): Cell[][]
  /** Said when there is nothing to show: what to try. */
  nothingFound: string | (() => string)
}

/**
 * Prints a list portion by portion, as it arrives: its memory does not grow with its length. Only the list goes
 * to stdout; what is said about it goes to stderr, and not at all beside JSON.
 */
export async function printList<Item>(
  portions: AsyncIterable<Portion<Item>>,
  { stdout, stderr, env }: Surroundings,
  { isJson, columns, rowsOf, nothingFound }: ListForm<Item>
): Promise<void> {
  const table = createTable({ columns, width: widthOf(stdout), paint: paintFor(stdout, env) })
  let shown = 0
  let isMoreThere = false
  let behind = 0
  for await (const { items, hasMore, lag = 0 } of portions) {
    if (isJson) await print(stdout, items.map((item) => `${printableJson(item)}\n`).join(''))
    else if (items.length > 0) await print(stdout, table(rowsOf(items)))
    shown += items.length
    isMoreThere = hasMore
    behind = Math.max(behind, lag)
  }
  if (isJson) return
  if (shown === 0)
    await print(stderr, `${typeof nothingFound === 'string' ? nothingFound : nothingFound()}\n`)
  else if (isMoreThere)
    await print(stderr, `There are more: --limit ${shown * 2} shows twice as many, --all shows all.\n`)
  if (behind > 0)
    await print(stderr, `The index is ${behind} events behind: what was recorded last may be missing here.\n`)
}
