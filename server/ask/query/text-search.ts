import type { WordLike, Words } from './ast.ts'
import { compilePattern } from './patterns.ts'
import { wordsOf } from './words.ts'

/** What is looked for in a text. */
export type TextSearch = Pick<Words, 'type' | 'words'> | Pick<WordLike, 'type' | 'pattern'>

/** Whether a text has the words one directly after the other, or a word that fits the pattern. */
export function textFits(text: string, search: TextSearch): boolean {
  return compileTextSearch(search)(text)
}

/** The same, to be asked of many texts. */
export function compileTextSearch(search: TextSearch): (text: string) => boolean {
  if (search.type === 'word-like') {
    const isLike = compilePattern(search.pattern)
    return (text) => wordsOf(text).some(isLike)
  }
  const { words } = search
  return (text) => {
    const found = wordsOf(text)
    return found.some((_, at) => words.every((word, offset) => found[at + offset] === word))
  }
}
