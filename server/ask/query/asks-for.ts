import type { Query } from './ast.ts'
import { fits } from './patterns.ts'

/** Whether the query names a value of a keyword field, itself or by a pattern; NOT of it names it as well. */
export function asksFor(query: Query | undefined, field: string, value: string): boolean {
  switch (query?.type) {
    case 'and':
    case 'or':
      return query.of.some((part) => asksFor(part, field, value))
    case 'not':
      return asksFor(query.of, field, value)
    case 'equals':
      return query.field === field && query.value === value
    case 'like':
      return query.field === field && fits(value, query.pattern)
    default:
      return false
  }
}
