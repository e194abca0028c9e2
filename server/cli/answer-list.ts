import type { Answer, Client, Filters, Item, PathOf, TextRoute } from '../../client/client.ts'
import { itemsMaxOf, type ListFlags } from './list-options.ts'
import { type ListForm, printList } from './print-list.ts'
import { printableBody } from './printable.ts'
import { print, type Surroundings } from './surroundings.ts'

export interface Asked<Of extends TextRoute> {
  route: Of
  path: PathOf<Of>
  filters: Filters<Of>
}

interface AnswerForm<Of extends TextRoute> extends Omit<ListForm<Item<Of>>, 'isJson'> {
  /** Sees each page, for what it says besides its items. */
  onPage?: (page: Answer<Of>) => void
}

/** Prints a list in the form that was asked for: a table, NDJSON, or the CSV that the server makes. */
export async function answerList<Of extends TextRoute>(
  client: Client,
  { route, path, filters }: Asked<Of>,
  flags: Pick<ListFlags, 'all' | 'limit' | 'json' | 'csv'>,
  surroundings: Surroundings,
  { onPage, ...form }: AnswerForm<Of>
): Promise<void> {
  const itemsMax = itemsMaxOf(flags)
  if (flags.csv) {
    await printText(client.text(route, path, filters, 'text/csv', { itemsMax }), surroundings)
    return
  }
  const pages = client.pages(route, path, filters, { itemsMax })
  await printList(seen(pages, onPage), surroundings, { ...form, isJson: flags.json === true })
}

async function* seen<Each extends { page: Whole }, Whole>(
  pages: AsyncIterable<Each>,
  onPage: ((page: Whole) => void) | undefined
): AsyncGenerator<Each, void, undefined> {
  for await (const page of pages) {
    onPage?.(page.page)
    yield page
  }
}

/** Prints what the server wrote: as it came, or such as a terminal can show. */
export async function printText(text: AsyncIterable<string>, { stdout }: Surroundings): Promise<void> {
  for await (const piece of text) await print(stdout, stdout.isTTY ? printableBody(piece) : piece)
}
