import { microsecondsOf } from '../../index/columns.ts'
import type { IndexedEvent, Run } from '../../index/store.ts'
import type { Condition, Query, Range, Searched } from './ast.ts'
import { type Field, field, groupFields, LABELS, STATUS, STATUS_FIELDS, textFields } from './fields.ts'
import { ipKey } from './ip.ts'
import { fits } from './patterns.ts'
import { textFits } from './text-search.ts'

/** What is searched: an event, or a run with the names of its hosts. */
export type Document = Partial<IndexedEvent> | RunDocument
export interface RunDocument extends Run {
  host?: { name: string[] }
}

/**
 * Whether the query matches the document, worked out the plain way. This is the definition of what a query means:
 * what the stores make of it has to find the same documents (test/query/conformance.test.ts).
 */
export function matches(query: Query, document: Document, of: Searched = 'events'): boolean {
  switch (query.type) {
    case 'all':
      return true
    case 'and':
      return query.of.every((part) => matches(part, document, of))
    case 'or':
      return query.of.some((part) => matches(part, document, of))
    case 'not':
      return !matches(query.of, document, of)
    default:
      return conditionMatches(query, document, of)
  }
}

function conditionMatches(condition: Condition, document: Document, of: Searched): boolean {
  switch (condition.type) {
    case 'exists':
      return exists(condition.field, document)
    case 'equals':
      return valuesOf(field(condition.field), document).some((value) => value === condition.value)
    case 'like':
      return valuesOf(field(condition.field), document).some(
        (value) => typeof value === 'string' && fits(value, condition.pattern)
      )
    case 'is':
      return valuesOf(field(condition.field), document).some((value) => value === condition.value)
    case 'range':
      return valuesOf(field(condition.field), document).some((value) => isWithin(value, condition, of))
    case 'words':
    case 'word-like': {
      const fields = condition.field === undefined ? textFields : [field(condition.field)]
      return fields.some((one) => valuesOf(one, document).some((value) => textFits(String(value), condition)))
    }
  }
}

function exists(name: string, document: Document): boolean {
  const group = groupFields(name)
  const fields = group.length === 0 ? [field(name)] : group
  return fields.some((one) => valuesOf(one, document).length > 0)
}

/** The values of a field, of each object where a list of objects is on the way. Those that are too long are left out. */
export function valuesOf(one: Field, document: Document): unknown[] {
  if (one.name === STATUS) {
    const [status] = STATUS_FIELDS.flatMap((name) => valuesOf(field(name), document))
    return status === undefined ? [] : [status]
  }
  const values = valuesAt(document, one.path, 0)
  const found = one.name === LABELS ? values.flatMap((labels) => Object.values(Object(labels))) : values
  return found.filter((value) => typeof value !== 'string' || value.length <= one.charactersMax)
}

function valuesAt(value: unknown, path: readonly string[], depth: number): unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.flatMap((each) => valuesAt(each, path, depth))
  const name = path[depth]
  if (name === undefined) return [value]
  if (typeof value !== 'object' || !Object.hasOwn(value, name)) return []
  return valuesAt((value as Record<string, unknown>)[name], path, depth + 1)
}

export function isWithin(value: unknown, { field: name, from, to }: Range, of: Searched): boolean {
  const compared = comparable(value, field(name), of)
  return (
    compared !== undefined && (from === undefined || compared >= from) && (to === undefined || compared <= to)
  )
}

/** A value as the limits of a range are written; see ast.ts. */
function comparable(value: unknown, { kind, name }: Field, of: Searched): number | string | undefined {
  if (kind === 'number') return Number(value)
  if (kind === 'ip') return ipKey(String(value))
  const microseconds = microsecondsOf(value)
  // Of all other times Elasticsearch keeps no more than milliseconds.
  const isExact = name === '@timestamp' && of === 'events'
  return isExact || microseconds === undefined ? microseconds : Math.floor(microseconds / 1000) * 1000
}
