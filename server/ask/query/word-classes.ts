/** What a character may be within words; one character has one class. Named as in UAX #29, by their first letters. */
export const OTHER = 0
export const LETTER = 1
export const HEBREW = 2
export const DIGIT = 3
export const KATAKANA = 4
/** `_` and its like join whatever stands beside them. */
export const CONNECTOR = 5
/** Belongs to what stands before it: an accent, a joiner. */
export const EXTEND = 6
/** Joins two letters: `:` */
export const MID_LETTER = 7
/** Joins two digits: `,` `;` */
export const MID_NUMBER = 8
/** Joins two letters or two digits: `.` and quotation marks that serve as apostrophes. */
export const MID_BOTH = 9
export const SINGLE_QUOTE = 10
export const DOUBLE_QUOTE = 11
/** A word by itself: Han and Hiragana. */
export const SINGLE = 12
/** Of a script that has no spaces between words, and that Lucene does not take apart, such as Thai. */
export const COMPLEX = 13
/** A mark of such a script: a part of its words, and else what extends the character before it. */
export const COMPLEX_MARK = 14
export const EMOJI = 15
/** Half of a flag. */
export const REGIONAL = 16

const ZERO_WIDTH_JOINER = 0x200d

// In this order: a character has the first class that it fits.
const classes: readonly (readonly [wordClass: number, pattern: RegExp])[] = [
  [SINGLE_QUOTE, /'/v],
  [DOUBLE_QUOTE, /"/v],
  [MID_LETTER, /[:\u{B7}\u{387}\u{55F}\u{5F4}\u{2027}\u{FE13}\u{FE55}\u{FF1A}]/v],
  [
    MID_NUMBER,
    /[,;\u{37E}\u{589}\u{60C}\u{60D}\u{66C}\u{7F8}\u{2044}\u{FE10}\u{FE14}\u{FE50}\u{FE54}\u{FF0C}\u{FF1B}]/v
  ],
  [MID_BOTH, /[.\u{2018}\u{2019}\u{2024}\u{FE52}\u{FF07}\u{FF0E}]/v],
  [OTHER, /\u{200B}/v],
  [DIGIT, /\p{Nd}/v],
  [EXTEND, /[\u{1F3FB}-\u{1F3FF}\u{FF9E}\u{FF9F}]/v],
  [
    COMPLEX_MARK,
    /[\p{M}&&[\p{sc=Thai}\p{sc=Lao}\p{sc=Myanmar}\p{sc=Khmer}\p{sc=Tai_Le}\p{sc=New_Tai_Lue}\p{sc=Tai_Tham}\p{sc=Tai_Viet}]]/v
  ],
  [
    COMPLEX,
    /[\p{sc=Thai}\p{sc=Lao}\p{sc=Myanmar}\p{sc=Khmer}\p{sc=Tai_Le}\p{sc=New_Tai_Lue}\p{sc=Tai_Tham}\p{sc=Tai_Viet}]/v
  ],
  [EXTEND, /[\p{M}\p{Cf}]/v],
  [KATAKANA, /[\p{sc=Katakana}\u{3031}-\u{3035}\u{309B}\u{309C}\u{30A0}\u{30FC}\u{FF70}]/v],
  [LETTER, /[\u{3005}\u{303B}]/v],
  [SINGLE, /[\p{sc=Han}\p{sc=Hiragana}]/v],
  [HEBREW, /[\p{sc=Hebrew}&&\p{L}]/v],
  [LETTER, /[\p{Alphabetic}--\p{Ideographic}]/v],
  [CONNECTOR, /[\p{Pc}\u{202F}]/v],
  [REGIONAL, /\p{RI}/v],
  [EMOJI, /\p{ExtPict}/v]
]

const UNKNOWN = 255
/** Of the characters up to U+FFFF, as far as they were asked for. */
const known = new Uint8Array(0x1_0000).fill(UNKNOWN)

export function classOf(codePoint: number): number {
  const remembered = known[codePoint]
  if (remembered !== undefined && remembered !== UNKNOWN) return remembered
  const character = String.fromCodePoint(codePoint)
  const [found = OTHER] = classes.find(([, pattern]) => pattern.test(character)) ?? []
  if (remembered !== undefined) known[codePoint] = found
  return found
}

export function isJoiner(codePoint: number): boolean {
  return codePoint === ZERO_WIDTH_JOINER
}
