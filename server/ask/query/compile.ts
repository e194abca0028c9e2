import type { Condition, Query, Range, Searched, TextCondition } from './ast.ts'
import { type Document, isWithin, valuesOf } from './evaluate.ts'
import { type Field, field, groupFields, textFields } from './fields.ts'
import { compilePattern } from './patterns.ts'
import type { TakenTexts } from './taken-text.ts'
import { compileTextSearch } from './text-search.ts'

/** `texts` are those of the document, and the same for all queries that it is asked. */
export type CompiledQuery = (document: Document, texts: TakenTexts) => boolean

/** A query that is asked of many documents: says the same as evaluate.ts, and looks up what it needs once. */
export function compileQuery(query: Query, of: Searched = 'events'): CompiledQuery {
  switch (query.type) {
    case 'all':
      return () => true
    case 'and': {
      const parts = query.of.map((part) => compileQuery(part, of))
      return (document, texts) => parts.every((part) => part(document, texts))
    }
    case 'or': {
      const parts = query.of.map((part) => compileQuery(part, of))
      return (document, texts) => parts.some((part) => part(document, texts))
    }
    case 'not': {
      const part = compileQuery(query.of, of)
      return (document, texts) => !part(document, texts)
    }
    default:
      return compileCondition(query, of)
  }
}

function compileCondition(condition: Condition, of: Searched): CompiledQuery {
  switch (condition.type) {
    case 'exists':
      return anyValue(fieldsOf(condition.field), () => true)
    case 'equals':
    case 'is':
      return anyValue([field(condition.field)], (value) => value === condition.value)
    case 'like': {
      const fits = compilePattern(condition.pattern)
      return anyValue([field(condition.field)], (value) => typeof value === 'string' && fits(value))
    }
    case 'range':
      return compileRange(condition, of)
    case 'words':
    case 'word-like':
      return compileText(condition)
  }
}

function compileRange(range: Range, of: Searched): CompiledQuery {
  return anyValue([field(range.field)], (value) => isWithin(value, range, of))
}

function compileText(condition: TextCondition): CompiledQuery {
  const search = compileTextSearch(condition)
  const fields = condition.field === undefined ? textFields : [field(condition.field)]
  return (document, texts) =>
    fields.some((one) => valuesOf(one, document).some((value) => search.fitsTaken(texts.of(String(value)))))
}

function anyValue(fields: readonly Field[], fits: (value: unknown) => boolean): CompiledQuery {
  return (document) => fields.some((one) => valuesOf(one, document).some(fits))
}

function fieldsOf(name: string): readonly Field[] {
  const group = groupFields(name)
  return group.length === 0 ? [field(name)] : group
}

/** What a query costs: its conditions, of which a phrase counts as many as it has words. */
export function termsOf(query: Query): number {
  switch (query.type) {
    case 'and':
    case 'or':
      return query.of.reduce((sum, part) => sum + termsOf(part), 0)
    case 'not':
      return termsOf(query.of)
    case 'words':
      return query.words.length
    default:
      return 1
  }
}
