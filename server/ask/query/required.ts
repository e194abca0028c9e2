import type { Query } from './ast.ts'

/** The value that a field has in everything that the query matches, if the query says so outright. */
export function requiredValue(query: Query | undefined, field: string): string | undefined {
  if (query?.type === 'equals' && query.field === field) return query.value
  if (query?.type !== 'and') return undefined
  return query.of.map((part) => requiredValue(part, field)).find((value) => value !== undefined)
}

/** Whether the field is true in everything that the query matches, because the query says so outright. */
export function requiresTrue(query: Query | undefined, field: string): boolean {
  if (query?.type === 'is') return query.field === field && query.value
  return query?.type === 'and' && query.of.some((part) => requiresTrue(part, field))
}
