import { QueryMistake } from './mistake.ts'
import { type Reader, taken } from './reader.ts'

/** What a term asks of its field, as it is written. */
export type Value = Plain | Wild | Between

export interface Plain {
  type: 'plain'
  text: string
  isQuoted: boolean
}

/** With `*` or `?` in it: a pattern as in patterns.ts. */
export interface Wild {
  type: 'wild'
  pattern: string
  /** How many of them there are. */
  wildcards: number
}

/** `[a TO b]`, `>a` and their like. */
export interface Between {
  type: 'between'
  from?: Bound
  to?: Bound
}

export interface Bound {
  text: string
  isIncluded: boolean
}

const WORD = /(?:\\.|[^\s\u3000()"[\]{}\\])*/suy
const QUOTED = /"(?:\\.|[^"\\])*"/suy
const BOUND = /"(?:\\.|[^"\\])*"|(?:\\.|[^\s\u3000"[\]{}()\\])+/suy
const TO = /[\s\u3000]+TO[\s\u3000]+/y
const SPACE = /[\s\u3000]*/y
const COMPARISON = /[<>]=?/y
const FUZZY_OR_BOOST = /[~^][\d.]*/y
const ENDS_FUZZY_OR_BOOSTED = /(?:~\d*(?:\.\d+)?|\^\d+(?:\.\d+)?)$/

export function scanQuoted(reader: Reader): Plain {
  const { at } = reader
  const quoted = taken(reader, QUOTED)
  if (quoted === '') throw new QueryMistake('A quotation mark is not closed. Add the other one.', { at })
  const behind = taken(reader, FUZZY_OR_BOOST)
  if (behind !== '') throw notSupported(behind, at)
  checkEnd(reader, quoted)
  return { type: 'plain', text: withoutEscapes(quoted.slice(1, -1)), isQuoted: true }
}

/** `[a TO b]`, where `{` and `}` leave out the end beside them, and `*` stands for none. */
export function scanRange(reader: Reader, field: string | undefined): Between {
  const { at, text } = reader
  if (field === undefined) {
    throw new QueryMistake(
      'A range belongs to a field, as in event.duration:[1s TO 5s]. To search for the sign, put it in quotation marks.',
      { at }
    )
  }
  reader.at++
  taken(reader, SPACE)
  const from = taken(reader, BOUND)
  const between = taken(reader, TO)
  const to = taken(reader, BOUND)
  taken(reader, SPACE)
  const close = text[reader.at] ?? ''
  if (from === '' || between === '' || to === '' || !/[\]}]/.test(close)) {
    throw new QueryMistake(
      `Expected a range such as ${field}:[a TO b], with * for an open end; got "${text.slice(at, at + 40)}".`,
      { at }
    )
  }
  reader.at++
  checkEnd(reader, close)
  return {
    type: 'between',
    ...(from !== '*' && { from: { text: boundText(from), isIncluded: text[at] === '[' } }),
    ...(to !== '*' && { to: { text: boundText(to), isIncluded: close === ']' } })
  }
}

/** A value without quotation marks, or a comparison of one of those. */
export function scanWord(reader: Reader, field: string | undefined): Value {
  const { at } = reader
  const comparison = field === undefined ? '' : taken(reader, COMPARISON)
  if (comparison !== '') return scanComparison(reader, comparison)
  const word = taken(reader, WORD)
  checkEnd(reader, word)
  if (word === '') {
    throw new QueryMistake(
      field === undefined ? `"${reader.text[at]}" was not expected here.` : `${field}: has no value.`,
      { at }
    )
  }
  const [odd] = ENDS_FUZZY_OR_BOOSTED.exec(word) ?? []
  if (odd !== undefined && !word.endsWith(`\\${odd}`)) throw notSupported(odd, at)
  if (/^\/.+\/$/.test(word))
    throw new QueryMistake(
      `Regular expressions such as ${word} are not supported. Use * and ?, or put the text in quotation marks.`,
      { at }
    )
  return valueOfWord(word)
}

function scanComparison(reader: Reader, comparison: string): Between {
  const { at } = reader
  taken(reader, SPACE)
  const bound = taken(reader, BOUND)
  if (bound === '') throw new QueryMistake(`There is no value behind "${comparison}".`, { at })
  checkEnd(reader, bound)
  const limit = { text: boundText(bound), isIncluded: comparison.endsWith('=') }
  return comparison.startsWith('>') ? { type: 'between', from: limit } : { type: 'between', to: limit }
}

function valueOfWord(word: string): Plain | Wild {
  const wildcards = word.replaceAll(/\\./gsu, '').match(/[*?]/g)?.length ?? 0
  if (wildcards === 0) return { type: 'plain', text: withoutEscapes(word), isQuoted: false }
  // Of the escapes only those are kept that mean something in a pattern.
  const pattern = word.replaceAll(/\\(.)/gsu, (written, character: string) =>
    /[*?\\]/.test(character) ? written : character
  )
  return { type: 'wild', pattern, wildcards }
}

function boundText(bound: string): string {
  return withoutEscapes(bound.startsWith('"') ? bound.slice(1, -1) : bound)
}

function withoutEscapes(text: string): string {
  return text.replaceAll(/\\(.)/gsu, '$1')
}

/** A value ends at a space or a closing parenthesis; anything else was meant otherwise. */
function checkEnd({ text, at }: Reader, behind: string): void {
  const next = text[at]
  if (next === undefined || /[\s\u3000)]/.test(next)) return
  const what =
    next === '\\'
      ? 'A backslash at the end takes the meaning from nothing.'
      : `"${next}" directly behind "${behind}".`
  throw new QueryMistake(`${what} Put a space between two terms, or the whole value in quotation marks.`, {
    at
  })
}

function notSupported(sign: string, at: number): QueryMistake {
  const what = sign.startsWith('~') ? 'Similar words and distances (~)' : 'Weights (^)'
  return new QueryMistake(
    `${what} are not supported; remove "${sign}". If it belongs to the value, put all of it in quotation marks.`,
    { at }
  )
}
