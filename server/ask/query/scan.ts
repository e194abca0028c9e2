import { QueryMistake } from './mistake.ts'
import { type Reader, taken } from './reader.ts'
import { scanQuoted, scanRange, scanWord, type Value } from './scan-value.ts'

/** A part of a query's text. `at` is where it begins, counted from 0. */
export type Token = Sign | TermToken

export interface Sign {
  type: 'open' | 'close' | 'and' | 'or' | 'not'
  at: number
}

export interface TermToken {
  type: 'term'
  at: number
  /** As it is written; undefined where none is. */
  field: string | undefined
  value: Value
}

const SPACE = /[\s\u3000]*/y
const FIELD = /[@A-Za-z_][\w.@-]*:/y
const OPERATOR = /(?:AND|OR|NOT|&&|\|\|)(?![^\s()])/y
const LOWER_OPERATOR = /^(?:and|or|not)$/
/** Not that of an address such as ::1. */
const LONE_COLON = /^:(?!:)/
const MATCH_ALL = /\*:\*(?![^\s)])/y

const operators: Readonly<Record<string, 'and' | 'or' | 'not'>> = {
  AND: 'and',
  '&&': 'and',
  OR: 'or',
  '||': 'or',
  NOT: 'not'
}

/**
 * The tokens of a query, with an `and` between what stands side by side. Values of `field:( … )` have that field.
 * Throws QueryMistake where there is none of ours.
 */
export function scan(text: string): Token[] {
  const reader: Reader = { text, at: 0 }
  const tokens: Token[] = []
  /** The field that each open parenthesis stands behind. */
  const groups: (string | undefined)[] = []

  function push(token: Token): void {
    const before = tokens.at(-1)?.type
    const isBehindOperand = before === 'term' || before === 'close'
    const isOperand = token.type === 'term' || token.type === 'open' || token.type === 'not'
    if (isBehindOperand && isOperand) tokens.push({ type: 'and', at: token.at })
    tokens.push(token)
  }

  for (;;) {
    taken(reader, SPACE)
    const { at } = reader
    if (at >= text.length) return tokens
    const character = text[at] ?? ''
    const operator = operators[taken(reader, OPERATOR)]
    if (operator !== undefined) push({ type: operator, at })
    else if (character === '(') {
      reader.at++
      groups.push(groups.at(-1))
      push({ type: 'open', at })
    } else if (character === ')') {
      reader.at++
      groups.pop()
      push({ type: 'close', at })
    } else if (isPrefix(reader, groups.at(-1))) {
      reader.at++
      // What stands side by side is required anyway, so that `+` adds nothing.
      if (character !== '+') push({ type: 'not', at })
    } else {
      const field = fieldBefore(reader, groups.at(-1))
      if (text[reader.at] === '(') {
        reader.at++
        groups.push(field)
        push({ type: 'open', at })
      } else push({ type: 'term', at, field, value: scanValue(reader, field) })
    }
  }
}

/** `-`, `!` or `+` directly before a term. */
function isPrefix({ text, at }: Reader, group: string | undefined): boolean {
  const next = text[at + 1]
  if (!/[-!+]/.test(text[at] ?? '')) return false
  if (next === undefined || /[\s)]/.test(next)) {
    throw new QueryMistake(
      `"${text[at]}" stands alone. Put it directly before a term, or "${text[at]}" in quotation marks.`,
      { at }
    )
  }
  if (group !== undefined && /[-+]/.test(text[at] ?? '') && /\d/.test(next)) {
    throw new QueryMistake(
      `"${text[at]}${next}…" within ${group}:( … ) may be a number or a term to leave out. Write "${text[at]}${next}…" in quotation marks, or NOT ${next}….`,
      { at }
    )
  }
  return true
}

function fieldBefore(reader: Reader, group: string | undefined): string | undefined {
  const { at } = reader
  if (taken(reader, MATCH_ALL) !== '') {
    reader.at = at + '*:'.length
    return undefined
  }
  const written = taken(reader, FIELD).slice(0, -1)
  if (written === '') return group
  if (group !== undefined) {
    throw new QueryMistake(
      `A field, ${written}, within the values of another, ${group}:( … ). Name the field before each value instead, or put "${written}:…" in quotation marks.`,
      { at }
    )
  }
  taken(reader, SPACE)
  return written
}

function scanValue(reader: Reader, field: string | undefined): Value {
  const { text, at } = reader
  const first = text[at] ?? ''
  if (first === '"') return scanQuoted(reader)
  if (first === '[' || first === '{') return scanRange(reader, field)
  if (field === undefined && LONE_COLON.test(text.slice(at))) {
    const [name = 'field', after = 'value'] = [
      /[\w.@-]+(?=[\s\u3000]*$)/.exec(text.slice(0, at))?.[0],
      /^:[\s\u3000]*([^\s\u3000()"]+)/.exec(text.slice(at))?.[1]
    ]
    throw new QueryMistake(
      `Between a field and its ":" there is no space: write ${name}:${after}. To search for the sign, put it in quotation marks.`,
      { at }
    )
  }
  const value = scanWord(reader, field)
  if (field === undefined && value.type === 'plain' && LOWER_OPERATOR.test(text.slice(at, reader.at))) {
    throw new QueryMistake(
      `"${value.text}" is an operator only in upper case, ${value.text.toUpperCase()}. To search for the word, put it in quotation marks.`,
      { at }
    )
  }
  return value
}
