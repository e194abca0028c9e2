import type { WordLike, Words } from './ast.ts'
import { compilePattern } from './patterns.ts'
import { wordsOf } from './words.ts'

/** What is looked for in a text. */
export type TextSearch = Pick<Words, 'type' | 'words'> | Pick<WordLike, 'type' | 'pattern'>

/** Whether a text has the words one directly after the other, or a word that fits the pattern. */
export function textFits(text: string, search: TextSearch): boolean {
  if (search.type === 'word-like') return wordsOf(text).some(compilePattern(search.pattern))
  const { words } = search
  const found = wordsOf(text)
  return found.some((_, at) => words.every((word, offset) => found[at + offset] === word))
}

/** A search that is asked of many texts, most of which do not fit. */
export interface CompiledSearch {
  /** The same as textFits. */
  fits(text: string): boolean
  /** False if no text of the event, whose JSON this is, can fit; costs little. */
  mayFitEvent(json: Buffer): boolean
}

const ASCII = /^[!-~]+$/
/** These two become ASCII letters in lower case: what follows from a missing `i` or `k` does not hold beside them. */
const BECOMES_ASCII = /[\u0130\u212A]/
/** The same within JSON, as its bytes in Latin-1, where also a letter may be written by its number. */
const BECOMES_ASCII_IN_JSON = /\\u|\u00C4\u00B0|\u00E2\u0084\u00AA/

export function compileTextSearch(search: TextSearch): CompiledSearch {
  const pieces = search.type === 'words' ? search.words : [/^[^*?\\]*/.exec(search.pattern)?.[0] ?? '']
  // A word is a piece of its text but for upper and lower case: where the piece is not, there is no such word.
  const needed = pieces.filter((piece) => ASCII.test(piece))
  const hasNeeded = (text: string, unsure: RegExp): boolean => {
    const lower = text.toLowerCase()
    return needed.every((piece) => lower.includes(piece)) || unsure.test(text)
  }
  return {
    fits: (text) => hasNeeded(text, BECOMES_ASCII) && textFits(text, search),
    mayFitEvent: (json) => needed.length === 0 || hasNeeded(json.toString('latin1'), BECOMES_ASCII_IN_JSON)
  }
}
