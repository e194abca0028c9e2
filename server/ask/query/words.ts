import * as is from './word-classes.ts'

// The words of a text, as Elasticsearch's analyzer `standard` makes them: Lucene's StandardTokenizer, which is
// Unicode's word boundaries (UAX #29), in lower case.
//
//   Install nginx 1.26.0 on web-07!   →   install · nginx · 1.26.0 · on · web · 07
//   it's a_b x.y http://a.b/c 1,000   →   it's · a_b · x.y · http · a.b · c · 1,000
//
// A dot, an apostrophe or a colon between two letters joins them, and so do a dot, an apostrophe, a comma or a
// semicolon between two digits; `_` joins always. Each Han and Hiragana character is a word, and so is an emoji;
// of emoji that are made of several, Elasticsearch may see the boundaries elsewhere.
//
// Each character is looked at a few times at most: texts come from anywhere, and may be long and odd.

/** Where a word is longer, Lucene cuts it, and goes on behind the cut. In UTF-16 units, as all lengths here. */
const WORD_LENGTH_MAX = 255

/** The words of `text` in their order. */
export function wordsOf(text: string): string[] {
  const words: string[] = []
  let at = 0
  while (at < text.length) {
    const codePoint = codePointAt(text, at)
    const start = at
    const wordClass = is.classOf(codePoint)
    if (wordClass >= is.LETTER && wordClass <= is.CONNECTOR) {
      const core = wordClass === is.CONNECTOR ? skip(text, at, text.length, is.CONNECTOR) : at
      // Connectors alone are no word, and as many as fit before the first letter belong to it.
      const from = Math.max(start, core + 1 - WORD_LENGTH_MAX)
      at = endOfRun(text, core, Math.min(text.length, from + WORD_LENGTH_MAX))
      if (at > core) words.push(lowerCase(text.slice(from, at)))
    } else {
      at = endOfSingle(text, at, wordClass)
      if (wordClass >= is.SINGLE && at > start) words.push(lowerCase(text.slice(start, at)))
      if (at === start || wordClass < is.SINGLE) at = start + lengthOf(codePoint)
    }
  }
  return words
}

/** The end of a word of letters, digits and connectors whose first letter or digit stands at `core`, if one does. */
function endOfRun(text: string, core: number, limit: number): number {
  let at = core
  let before = is.CONNECTOR
  while (at < limit) {
    const wordClass = is.classOf(codePointAt(text, at))
    if (wordClass > is.CONNECTOR) {
      const joined = endOfJoint(text, at, limit, before)
      if (joined === at) return at
      // A letter or digit of the same kind follows, or a Hebrew word ends in its apostrophe.
      at = joined
      continue
    }
    if (wordClass === is.OTHER || !mayFollow(before, wordClass)) return at
    const end = skipOne(text, at, limit)
    if (end === at) return at
    at = end
    before = wordClass
  }
  return at
}

/** Katakana and letters are different words, unless a connector stands between them. */
function mayFollow(before: number, wordClass: number): boolean {
  if (before === is.CONNECTOR || wordClass === is.CONNECTOR) return true
  return (before === is.KATAKANA) === (wordClass === is.KATAKANA)
}

/** Behind a sign that joins the character before it with the one that follows; `at` if it does not. */
function endOfJoint(text: string, at: number, limit: number, before: number): number {
  const wordClass = is.classOf(codePointAt(text, at))
  const end = skipOne(text, at, limit)
  const after = end < limit ? is.classOf(codePointAt(text, end)) : is.OTHER
  const isLetter = (one: number): boolean => one === is.LETTER || one === is.HEBREW
  if (isLetter(before)) {
    const joins = wordClass === is.MID_LETTER || wordClass === is.MID_BOTH || wordClass === is.SINGLE_QUOTE
    if (joins && isLetter(after)) return end
    if (before !== is.HEBREW) return at
    if (wordClass === is.SINGLE_QUOTE) return end
    return wordClass === is.DOUBLE_QUOTE && after === is.HEBREW ? end : at
  }
  const joins = wordClass === is.MID_NUMBER || wordClass === is.MID_BOTH || wordClass === is.SINGLE_QUOTE
  return before === is.DIGIT && joins && after === is.DIGIT ? end : at
}

function endOfSingle(text: string, from: number, wordClass: number): number {
  const limit = Math.min(text.length, from + WORD_LENGTH_MAX)
  if (wordClass === is.COMPLEX || wordClass === is.COMPLEX_MARK)
    return skip(text, from, limit, is.COMPLEX, is.COMPLEX_MARK)
  let at = skipOne(text, from, limit)
  if (wordClass === is.REGIONAL)
    return at < limit && is.classOf(codePointAt(text, at)) === is.REGIONAL ? skipOne(text, at, limit) : from
  if (wordClass !== is.EMOJI) return at
  while (at < limit && is.isJoiner(text.charCodeAt(at - 1)) && is.classOf(codePointAt(text, at)) === is.EMOJI)
    at = skipOne(text, at, limit)
  return at
}

/** Behind as many characters of the classes as follow each other. */
function skip(text: string, from: number, limit: number, ...wordClasses: number[]): number {
  let at = from
  while (at < limit && wordClasses.includes(is.classOf(codePointAt(text, at)))) {
    const end = skipOne(text, at, limit)
    if (end === at) return at
    at = end
  }
  return at
}

/** Behind one character and what extends it; `at` if it does not fit. */
function skipOne(text: string, at: number, limit: number): number {
  let end = at + lengthOf(codePointAt(text, at))
  if (end > limit) return at
  while (end < limit) {
    const codePoint = codePointAt(text, end)
    const wordClass = is.classOf(codePoint)
    const isExtending = wordClass === is.EXTEND || wordClass === is.COMPLEX_MARK
    if (!isExtending || end + lengthOf(codePoint) > limit) return end
    end += lengthOf(codePoint)
  }
  return end
}

function codePointAt(text: string, at: number): number {
  return text.codePointAt(at) ?? 0
}

function lengthOf(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1
}

const IS_ASCII = /^[\0-\x7F]*$/

/** Character by character, as Lucene does: JavaScript looks at Σ's neighbours, and makes two characters of İ. */
export function lowerCase(text: string): string {
  if (IS_ASCII.test(text)) return text.toLowerCase()
  return Array.from(text, lowerCharacter).join('')
}

function lowerCharacter(character: string): string {
  return String.fromCodePoint(character.toLowerCase().codePointAt(0) ?? 0)
}
