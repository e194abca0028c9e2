import { Problem } from '../errors.ts'
import type { Position } from '../index/store.ts'
import { limits } from '../limits.ts'
import { decodeCursor, encodeCursor, type List } from './cursors.ts'
import { nearest } from './nearest.ts'
import type { Query, Searched } from './query/ast.ts'
import { parseQuery } from './query/parse.ts'
import { parseTime } from './time.ts'

/** One parameter of a request: what /openapi.json says of it, and how its text is read. */
export interface Parameter<Value> {
  schema: { type: string; description: string; [keyword: string]: unknown }
  /** Longer texts are refused; `parameterCharactersMax` unless it is said here. */
  charactersMax?: number
  /** Throws Problem if the text is not what was expected. */
  read(text: string, name: string, nowMs: number): Value
}

type Table = Record<string, Parameter<unknown>>
type Values<Parameters extends Table> = {
  [Name in keyof Parameters]?: ReturnType<Parameters[Name]['read']>
}

/**
 * The parameters of a request, read by their table. Throws Problem for the first that is wrong or not known:
 * a filter that is misspelled must not pass for one that lets everything through.
 */
export function readParameters<Parameters extends Table>(
  table: Parameters,
  query: unknown,
  nowMs: number
): Values<Parameters> {
  const values: Record<string, unknown> = {}
  for (const [name, given] of Object.entries(query ?? {})) {
    const parameter = Object.hasOwn(table, name) ? table[name] : undefined
    if (parameter === undefined) throw unknownParameter(name, Object.keys(table))
    values[name] = parameter.read(oneText(name, given, parameter.charactersMax), name, nowMs)
  }
  checkOrder(values)
  // Each value was read by the parameter of its name.
  return values as Values<Parameters>
}

/** Nothing is within a time that ends before it begins: an empty list would hide the mistake. */
function checkOrder({ from, to }: Record<string, unknown>): void {
  if (typeof from !== 'number' || typeof to !== 'number' || from <= to) return
  const [begin, end] = [from, to].map((ms) => new Date(ms).toISOString())
  throw invalid('to', `a time that is not before from, ${begin}`, `${end}`)
}

/** The value of a parameter that the route cannot do without. */
export function required<Value>(name: string, value: Value | undefined, { schema }: Parameter<Value>): Value {
  if (value !== undefined) return value
  throw new Problem('parameter_invalid', `${name}: expected to be given. ${schema.description}`, {
    parameter: name
  })
}

/** The schema of a query string, for /openapi.json. */
export function querySchema(table: Table): Record<string, unknown> {
  const schemas = Object.entries(table).map(([name, { schema }]) => [name, schema])
  return { type: 'object', properties: Object.fromEntries(schemas) }
}

export function text(description: string, example: string): Parameter<string> {
  const maxLength = limits.parameterCharactersMax
  return {
    schema: { type: 'string', description, examples: [example], minLength: 1, maxLength },
    read: (given) => given
  }
}

export function oneOf<const Choice extends string>(
  choices: readonly Choice[],
  description: string,
  fallback?: Choice
): Parameter<Choice> {
  return {
    schema: { type: 'string', description, enum: [...choices], ...(fallback && { default: fallback }) },
    read(given, name) {
      const choice = choices.find((known) => known === given)
      if (choice !== undefined) return choice
      throw invalid(name, `one of ${choices.join(', ')}`, given, hintOf(given, choices))
    }
  }
}

/** Some of the choices, separated by commas; each counts once. */
export function someOf<const Choice extends string>(
  choices: readonly Choice[],
  description: string
): Parameter<Choice[]> {
  return {
    schema: { type: 'string', description, examples: [choices.slice(0, 2).join(',')] },
    read(given, name) {
      const one = oneOf(choices, description)
      return [...new Set(given.split(',').map((each) => one.read(each, name, 0)))]
    }
  }
}

/** Milliseconds since 1970. */
export function time(description: string, example: string): Parameter<number> {
  const expected = 'a time such as 2026-11-05T09:30:00Z, a day such as 2026-11-05, or now-7d'
  return {
    schema: { type: 'string', description, examples: [example] },
    read(given, name, nowMs) {
      const ms = parseTime(given, nowMs)
      if (ms !== undefined) return ms
      const hint = given.includes(' ') ? ' In a URL a plus sign is written %2B: a plain one is a space.' : ''
      throw invalid(name, expected, given, hint)
    }
  }
}

export function wholeNumber(
  description: string,
  { min, max, fallback }: { min: number; max: number; fallback: number }
): Parameter<number> {
  return {
    schema: { type: 'integer', description, minimum: min, maximum: max, default: fallback },
    read(given, name) {
      const count = /^[0-9]{1,9}$/.test(given) ? Number(given) : Number.NaN
      if (count >= min && count <= max) return count
      throw invalid(name, `a whole number from ${min} to ${max}`, given)
    }
  }
}

/** A query in Lucene's syntax. */
export function query(of: Searched): Parameter<Query> {
  return {
    schema: {
      type: 'string',
      description:
        "What to look for, in Lucene's syntax (docs/query.md): fields, phrases, wildcards, ranges, AND OR NOT, or words of any text.",
      examples: ['host:web-* AND status:changed AND @timestamp:>=now-7d', 'nginx'],
      minLength: 1,
      maxLength: limits.queryCharactersMax
    },
    // parseQuery refuses what is longer, with a problem of its own.
    charactersMax: Number.POSITIVE_INFINITY,
    read: (given, _name, nowMs) => parseQuery(given, nowMs, of)
  }
}

export function cursor(list: List): Parameter<Position> {
  const description = 'Where to go on: `next` of the page before. The filters may be others than there.'
  return {
    schema: { type: 'string', description },
    read: (given) => decodeCursor(list, given)
  }
}

/** The cursor of a list that can be sorted in several ways. It is read with `sort`, which says of which list it is. */
export function cursorOfSort(list: List, position: Position): Parameter<string> {
  return text(
    '`next` of the page before, which was asked for with the same `sort`.',
    encodeCursor(list, position)
  )
}

export function invalid(name: string, expected: string, given: string, hint = ''): Problem {
  return new Problem('parameter_invalid', `${name}: expected ${expected}; got "${given}".${hint}`, {
    parameter: name
  })
}

function oneText(name: string, given: unknown, max: number = limits.parameterCharactersMax): string {
  if (typeof given !== 'string') throw invalid(name, 'to be given once', String(given))
  if (given === '') throw invalid(name, 'at least one character', given, ' Leave the parameter out instead.')
  if (given.length <= max) return given
  throw invalid(name, `at most ${max} characters`, `${given.slice(0, 50)}…`)
}

function unknownParameter(name: string, known: readonly string[]): Problem {
  const hint = hintOf(name, known)
  return new Problem(
    'parameter_invalid',
    `There is no parameter "${name}" here.${hint} Known are ${known.join(', ') || 'none'}.`,
    { parameter: name }
  )
}

function hintOf(given: string, known: readonly string[]): string {
  const close = nearest(given, known)
  return close === undefined ? '' : ` Did you mean "${close}"?`
}
