import { limits } from '../../limits.ts'
import { parseSpan } from '../time.ts'
import type { All, Condition, Range } from './ast.ts'
import { checkValue } from './closed-sets.ts'
import { existingName, type Field, fieldNamed, LABELS } from './fields.ts'
import { ADDRESS_MAX, BEFORE_ALL, BEHIND_ALL, ipKey, networkKeys } from './ip.ts'
import { QueryMistake } from './mistake.ts'
import { parseAmount } from './numbers.ts'
import type { Between, Value, Wild } from './scan-value.ts'
import { lowerCase, wordsOf } from './words.ts'

const EXISTS = '_exists_'
/** What is between the words of a text cannot stand within a pattern of one word. */
const WORD_PATTERN = /^[\p{L}\p{M}\p{N}\p{Pc}.'’:,;*?]+$/u

/** What a term means. Throws QueryMistake if its field does not take such a value. */
export function conditionOf(given: string | undefined, value: Value, nowMs: number): All | Condition {
  if (given === EXISTS) return { type: 'exists', field: existingName(plainText(value, EXISTS)) }
  if (given === undefined) return isAny(value) ? { type: 'all' } : textCondition(undefined, value)
  if (isAny(value)) return { type: 'exists', field: existingName(given) }
  const field = fieldNamed(given)
  switch (field.kind) {
    case 'keyword':
    case 'labels':
      return keywordCondition(field, value)
    case 'text':
      return textCondition(field, value)
    case 'boolean':
      return booleanCondition(field, value)
    case 'number':
      return rangeCondition(field, value, (text) => pointSpan(parseAmount(text, field.name)))
    case 'date':
      return rangeCondition(field, value, (text) => dateSpan(text, field.name, nowMs))
    case 'ip':
      return rangeCondition(field, value, (text) => addressSpan(text, field.name))
  }
}

/** `*` alone: any value. */
function isAny(value: Value): boolean {
  return value.type === 'wild' && /^\*+$/.test(value.pattern)
}

function keywordCondition({ name, kind }: Field, value: Value): Condition {
  if (value.type === 'plain') {
    checkValue(name, value.text)
    return { type: 'equals', field: name, value: value.text }
  }
  if (value.type === 'between')
    throw new QueryMistake(
      `${name} holds whole values, which have no order here. Ask for one of them, or for a beginning: ${name}:abc*.`
    )
  if (kind === 'labels' && !/^(?:[^*?\\]|\\.)*\*$/su.test(value.pattern)) {
    const example = name === LABELS ? 'labels:abc*' : `${name}:abc*`
    throw new QueryMistake(
      `In labels one * at the end of the value is all that can be asked for: ${example}.`
    )
  }
  return { type: 'like', field: name, pattern: value.pattern }
}

/** Without a field: of any text. */
function textCondition(field: Field | undefined, value: Value): Condition {
  const where = field === undefined ? {} : { field: field.name }
  if (value.type === 'between')
    throw new QueryMistake(
      `${field?.name ?? 'A text'} holds text, in which words are searched: it has no ranges.`
    )
  if (value.type === 'wild') return { type: 'word-like', ...where, pattern: wordPattern(value) }
  const words = wordsOf(value.text)
  if (words.length > 0) return { type: 'words', ...where, words }
  throw new QueryMistake(
    `"${value.text}" has no letter and no digit: texts are searched by their words${field === undefined ? ', since no field is named' : ''}.`
  )
}

function wordPattern({ pattern }: Wild): string {
  const [beginning = ''] = /^[^*?]*/.exec(pattern) ?? []
  const min = limits.queryWordBeginningCharactersMin
  if (beginning.length < min) {
    throw new QueryMistake(
      `"${pattern}" would be tried on every word of every text. Begin it with at least ${min} letters.`,
      { isTooCostly: true }
    )
  }
  if (WORD_PATTERN.test(pattern)) return lowerCase(pattern)
  throw new QueryMistake(
    `"${pattern}" can fit no word: texts are taken apart at spaces, dashes, slashes and the like. Search for the words one by one, as in ab AND cd*, or leave out the * for a phrase.`
  )
}

function booleanCondition({ name }: Field, value: Value): Condition {
  const text = value.type === 'plain' ? value.text : ''
  if (text === 'true' || text === 'false') return { type: 'is', field: name, value: text === 'true' }
  throw new QueryMistake(`${name} is true or false: write ${name}:true or ${name}:false.`)
}

/** What a text names where values have an order: a day names all of its microseconds. */
interface Span {
  first: number | string
  last: number | string
  /** The values directly before and behind, for limits that are left out. */
  before: number | string
  behind: number | string
}

function rangeCondition({ name }: Field, value: Value, spanOf: (text: string) => Span): Range {
  if (value.type === 'wild')
    throw new QueryMistake(`${name} takes no * within a value. Ask for a range: ${name}:[a TO b].`)
  if (value.type === 'plain') {
    const { first, last } = spanOf(value.text)
    return { type: 'range', field: name, from: first, to: last }
  }
  return { type: 'range', field: name, ...limitsOf(value, name, spanOf) }
}

function limitsOf(
  { from, to }: Between,
  name: string,
  spanOf: (text: string) => Span
): Omit<Range, 'type' | 'field'> {
  if (from === undefined && to === undefined)
    throw new QueryMistake(`The range has no end at all. To ask for any value, write ${name}:*.`)
  const low = from && spanOf(from.text)
  const high = to && spanOf(to.text)
  return {
    ...(low && { from: from.isIncluded ? low.first : low.behind }),
    ...(high && { to: to.isIncluded ? high.last : high.before })
  }
}

function pointSpan(value: number): Span {
  return { first: value, last: value, before: value - 1, behind: value + 1 }
}

function dateSpan(text: string, name: string, nowMs: number): Span {
  const span = parseSpan(text, nowMs)
  if (span !== undefined) return { ...span, before: span.first - 1, behind: span.last + 1 }
  throw new QueryMistake(
    `${name}: expected a time such as 2026-11-05T09:30:00Z, a day such as 2026-11-05, or now-7d; got "${text}".`
  )
}

function addressSpan(text: string, name: string): Span {
  const key = ipKey(text)
  const keys = key === undefined ? networkKeys(text) : { from: key, to: key }
  if (keys === undefined)
    throw new QueryMistake(`${name}: expected an address, or a network such as 10.0.0.0/8; got "${text}".`)
  const { from, to } = keys
  return { first: from, last: to, before: shifted(from, -1n), behind: shifted(to, 1n) }
}

function shifted(key: string, by: bigint): string {
  const value = BigInt(`0x${key}`) + by
  if (value < 0n) return BEFORE_ALL
  return value > ADDRESS_MAX ? BEHIND_ALL : value.toString(16).padStart(32, '0')
}

function plainText(value: Value, name: string): string {
  if (value.type === 'plain') return value.text
  throw new QueryMistake(`${name} takes the name of a field, as in ${name}:source.ip.`)
}
