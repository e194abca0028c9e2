import type { Condition, Query } from '../../server/ask/query/ast.ts'
import { field } from '../../server/ask/query/fields.ts'
import { addressOf } from '../../server/ask/query/ip.ts'
import { partsOf } from '../../server/ask/query/patterns.ts'

/** A query as people would write it, with no more parentheses than it needs. */
export function print(query: Query): string {
  switch (query.type) {
    case 'all':
      return '*'
    case 'and':
      return query.of.map((part) => (part.type === 'or' ? `(${print(part)})` : print(part))).join(' AND ')
    case 'or':
      return query.of.map(print).join(' OR ')
    case 'not':
      return query.of.type === 'and' || query.of.type === 'or'
        ? `NOT (${print(query.of)})`
        : `NOT ${print(query.of)}`
    default:
      return printCondition(query)
  }
}

function printCondition(condition: Condition): string {
  const name = condition.field
  const before = name === undefined ? '' : `${name}:`
  switch (condition.type) {
    case 'exists':
      return `_exists_:${name}`
    case 'equals':
      return before + quoted(condition.value)
    case 'is':
      return `${before}${condition.value}`
    case 'like':
    case 'word-like':
      return before + unquoted(condition.pattern)
    case 'words':
      return before + quoted(condition.words.join(' '))
    case 'range':
      return `${before}[${limit(condition.field, condition.from)} TO ${limit(condition.field, condition.to)}]`
  }
}

function limit(name: string, value: number | string | undefined): string {
  if (value === undefined) return '*'
  const { kind } = field(name)
  if (kind === 'date') return `"${time(Number(value))}"`
  return kind === 'ip' ? `"${addressOf(String(value))}"` : String(value)
}

function time(microseconds: number): string {
  const milliseconds = Math.floor(microseconds / 1000)
  const rest = String(microseconds - milliseconds * 1000).padStart(3, '0')
  return new Date(milliseconds).toISOString().replace('Z', `${rest}Z`)
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

function unquoted(pattern: string): string {
  return partsOf(pattern)
    .map((part) => {
      if ('any' in part) return part.any === 'many' ? '*' : '?'
      return /[\p{L}\p{N}_]/u.test(part.literal) ? part.literal : `\\${part.literal}`
    })
    .join('')
}
