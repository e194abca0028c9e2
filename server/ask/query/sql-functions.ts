import type Database from 'better-sqlite3'
import { microsecondsOf } from '../../index/columns.ts'
import { valuesOf } from './evaluate.ts'
import { textFields } from './fields.ts'
import { ipKey } from './ip.ts'
import { type CompiledSearch, compileTextSearch, type TextSearch } from './text-search.ts'

/** Searches that are kept compiled; a statement has some of them, and asks each for every row. */
const SEARCHES_KEPT_MAX = 64

/** Adds to a connection what to-sql.ts needs and SQL does not have. */
export function addQueryFunctions(db: Database.Database): void {
  const searches = new Map<string, CompiledSearch>()
  const searchOf = (written: string): CompiledSearch => {
    const known = searches.get(written)
    if (known !== undefined) return known
    if (searches.size >= SEARCHES_KEPT_MAX) searches.clear()
    // It was written by to-sql.ts.
    const search = compileTextSearch(JSON.parse(written) as TextSearch)
    searches.set(written, search)
    return search
  }
  const add = <Given>(
    name: string,
    answer: (value: Given, search: string) => number | string | null
  ): void => {
    db.function(name, { deterministic: true, varargs: true }, (value: unknown, search: unknown) =>
      value === null ? null : answer(value as Given, String(search))
    )
  }

  // Whether a text fits a search, and whether any text of an event does.
  add<string>('playtrail_text', (text, search) => Number(searchOf(search).fits(text)))
  add<Buffer>('playtrail_texts', (payload, search) => {
    const { fits, mayFitEvent } = searchOf(search)
    if (!mayFitEvent(payload)) return 0
    const event: unknown = JSON.parse(payload.toString())
    const values = textFields.flatMap((one) => valuesOf(one, Object(event)))
    return Number(values.some((text) => fits(String(text))))
  })
  // As evaluate.ts compares them: microseconds, rounded down to milliseconds, and the key of an address.
  add<string>('playtrail_time', (text) => {
    const microseconds = microsecondsOf(text)
    return microseconds === undefined ? null : Math.floor(microseconds / 1000) * 1000
  })
  add<string>('playtrail_address', (text) => ipKey(text) ?? null)
  // SQLite counts characters, Elasticsearch UTF-16 units.
  add<string>('playtrail_length', (text) => text.length)
}
