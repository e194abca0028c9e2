import type { WordLike, Words } from './ast.ts'
import { compilePattern } from './patterns.ts'
import { BECOMES_ASCII, type TakenText } from './taken-text.ts'
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
  /** The same, of a text that other searches are asked of too. */
  fitsTaken(text: TakenText): boolean
  /** False if no text of the event, whose JSON this is, can fit; costs little. */
  mayFitEvent(json: Buffer): boolean
}

const ASCII = /^[!-~]+$/
/** BECOMES_ASCII within JSON, as its bytes in Latin-1, where also a letter may be written by its number. */
const BECOMES_ASCII_IN_JSON = /\\u|\u00C4\u00B0|\u00E2\u0084\u00AA/

export function compileTextSearch(search: TextSearch): CompiledSearch {
  const pieces = search.type === 'words' ? search.words : [/^[^*?\\]*/.exec(search.pattern)?.[0] ?? '']
  // A word is a piece of its text but for upper and lower case: where the piece is not, there is no such word.
  const needed = pieces.filter((piece) => ASCII.test(piece))
  const hasNeeded = (lower: string, text: string, unsure: RegExp): boolean =>
    needed.every((piece) => lower.includes(piece)) || unsure.test(text)
  const isThere = compiledTest(search, pieces)
  const fitsTaken = (taken: TakenText): boolean =>
    (taken.isWorthTakingApart() ||
      taken.becomesAscii ||
      needed.every((piece) => taken.lower.includes(piece))) &&
    isThere(taken)
  return {
    fits: (text) => hasNeeded(text.toLowerCase(), text, BECOMES_ASCII) && textFits(text, search),
    fitsTaken,
    mayFitEvent(json) {
      if (needed.length === 0) return true
      const text = json.toString('latin1')
      return hasNeeded(text.toLowerCase(), text, BECOMES_ASCII_IN_JSON)
    }
  }
}

/** `pieces` of a pattern: what its words begin with. */
function compiledTest(search: TextSearch, pieces: readonly string[]): (taken: TakenText) => boolean {
  const [first = ''] = pieces
  if (search.type === 'word-like') {
    const fits = compilePattern(search.pattern)
    return ({ places }) => places.keys().some((word) => word.startsWith(first) && fits(word))
  }
  const { words: wanted } = search
  return ({ words, places }) =>
    (places.get(first) ?? []).some((at) => wanted.every((word, offset) => words[at + offset] === word))
}
