import { Problem } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { and, not, or, type Query, type Searched } from './ast.ts'
import { conditionOf } from './conditions.ts'
import { QueryMistake } from './mistake.ts'
import { checkRunField } from './run-fields.ts'
import { scan, type TermToken, type Token } from './scan.ts'
import { type Structure, structureOf } from './structure.ts'

/**
 * What a query in Lucene's syntax says (docs/query.md); `now` is read from `nowMs`, so that the answer means one
 * moment wherever it is looked at. Throws Problem `query_invalid`, or `query_too_costly` with what to narrow.
 */
export function parseQuery(text: string, nowMs: number, of: Searched = 'events'): Query {
  let at = 0
  try {
    checkLength(text)
    const tokens = scan(text)
    checkCost(tokens)
    if (tokens.length === 0) throw new QueryMistake('It is empty. Leave it out to ask for everything.')
    return queryOf(structureOf(tokens), (term) => {
      at = term.at
      const condition = conditionOf(term.field, term.value, nowMs)
      if (of === 'runs') checkRunField(condition)
      return condition
    })
  } catch (error) {
    if (error instanceof QueryMistake) throw problemOf(error, error.at ?? at, text)
    throw error
  }
}

function queryOf(structure: Structure, condition: (term: TermToken) => Query): Query {
  if (structure.type === 'term') return condition(structure.term)
  if (structure.type === 'not') return not(queryOf(structure.of, condition))
  const parts = structure.of.map((part) => queryOf(part, condition))
  return structure.type === 'and' ? and(...parts) : or(...parts)
}

function checkLength(text: string): void {
  const { queryCharactersMax: max } = limits
  if (text.length <= max) return
  throw new QueryMistake(
    `It has ${text.length} characters; ${max} are the most. Ask for fewer values, or for a common beginning with *.`,
    { isTooCostly: true }
  )
}

function checkCost(tokens: readonly Token[]): void {
  const { queryClausesMax, queryWildcardsMax } = limits
  const terms = tokens.filter((token) => token.type === 'term')
  if (terms.length > queryClausesMax) {
    throw new QueryMistake(
      `It has ${terms.length} conditions; ${queryClausesMax} are the most. Ask in several queries, or for a common beginning with *.`,
      { isTooCostly: true }
    )
  }
  const wildcards = terms.reduce((sum, { value }) => sum + (value.type === 'wild' ? value.wildcards : 0), 0)
  if (wildcards > queryWildcardsMax) {
    throw new QueryMistake(
      `It has ${wildcards} signs * and ?; ${queryWildcardsMax} are the most. Write out more of the values.`,
      { isTooCostly: true }
    )
  }
}

function problemOf(mistake: QueryMistake, at: number, text: string): Problem {
  const code = mistake.isTooCostly ? 'query_too_costly' : 'query_invalid'
  const place = text.length > 0 && text.length <= limits.queryCharactersMax ? ` (at character ${at + 1})` : ''
  return new Problem(
    code,
    `q: ${mistake.message}${place}`,
    { parameter: 'q', position: at },
    { cause: mistake }
  )
}
