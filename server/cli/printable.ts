// Whatever stands in an event was written by someone else: a task name must not be able to move the cursor,
// hide text, set the terminal's title or turn the reading direction. All of Unicode's control (Cc) and format
// (Cf) characters, line separators and private-use characters are shown as escapes; U+200C and U+200D stay,
// since scripts and emoji are joined with them and they can do no more than that.
const UNSAFE = /(?!\u200c|\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/gu
const UNSAFE_BUT_LAYOUT = /(?!\u200c|\u200d|\n|\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/gu

// Colours are what commands mostly print, and are lost without loss: they go there, and there only.
const COLOUR = new RegExp(`${String.fromCodePoint(0x1b)}\\[[\\d;:]*m`, 'g')

const named: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** One line that any terminal shows as it is: control characters as `\n`, `\x1b`, `\u{202e}`. */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNSAFE, escapeOf)
}

/** The same for diffs: line ends and tabs stay, and all else is seen, since a diff may be of nothing but a `\r`. */
export function printableDiff(text: string): string {
  return text.toWellFormed().replace(UNSAFE_BUT_LAYOUT, escapeOf)
}

/** The same for what a command printed: its colours go, and the line ends of Windows are those of everybody. */
export function printableBody(text: string): string {
  return printableDiff(text.replace(COLOUR, '').replaceAll('\r\n', '\n'))
}

/** JSON on one line, the same value for every reader, with the characters escaped that JSON would let through. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, jsonEscapeOf)
}

/** The same for JSON that someone else wrote: its numbers and spaces stay as they are. */
export function printableJsonText(text: string): string {
  return text.toWellFormed().replaceAll('\r\n', '\n').replace(UNSAFE_BUT_LAYOUT, jsonEscapeOf)
}

function jsonEscapeOf(found: string): string {
  return found
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  return named[character] ?? (code <= 0xff ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`)
}
