import { printable } from './printable.ts'
import type { Format, Paint } from './style.ts'

export interface Column {
  title: string
  /** Stands for the title on a terminal too narrow for all. */
  short?: string
  /** Gives way when the terminal is too narrow; the others are always shown whole. */
  isFlexible?: boolean
  /** Never narrower than this, unless it is flexible and has to be. */
  charactersMin?: number
  align?: 'right'
}

/** A part of a cell with a colour of its own. */
export interface Span {
  text: string
  /** Stands for the text on a terminal too narrow for all; may be empty. */
  short?: string
  format?: Format | undefined
}

export type Cell = string | readonly Span[]

export interface TableOptions {
  columns: readonly Column[]
  /** Characters of a line; undefined where nothing may be cut, as when the output is a file. */
  width: number | undefined
  paint: Paint
}

const GAP = '  '
const FLEXIBLE_CHARACTERS_MIN = 4
/** Without a width, a longer cell pushes its own line only, instead of padding all the others. */
const PADDING_CHARACTERS_MAX = 80

/**
 * A table that is printed piece by piece: each call gives the lines of some more rows. The first call brings
 * the titles and sets the widths, which stay, as does whether the short forms are needed. Cells come from events, so that everything goes through printable().
 */
export function createTable({ columns, width, paint }: TableOptions): (rows: readonly Cell[][]) => string {
  let look: { widths: number[]; isShort: boolean } | undefined
  const titles = columns.map(({ title, short }): Span[] => [
    { text: title, ...(short !== undefined && { short }), format: 'bold' }
  ])
  return (rows) => {
    const isFirst = look === undefined
    const lines = isFirst ? [titles, ...rows] : rows
    look ??= lookOf(columns, lines, width)
    const { widths, isShort } = look
    return lines
      .map((row) => row.map((cell) => spansOf(cell, isShort)))
      .map((row) => `${line(row, { columns, widths, isCut: width !== undefined, paint })}\n`)
      .join('')
  }
}

/** The widths of the columns, in the short forms if the others do not fit. */
function lookOf(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number | undefined
): { widths: number[]; isShort: boolean } {
  const naturalOf = (isShort: boolean): number[] =>
    naturalWidths(
      columns,
      rows.map((row) => row.map((cell) => spansOf(cell, isShort)))
    )
  const natural = naturalOf(false)
  if (width === undefined)
    return { widths: natural.map((each) => Math.min(each, PADDING_CHARACTERS_MAX)), isShort: false }
  if (totalOf(natural) <= width) return { widths: natural, isShort: false }
  return { widths: fitted(columns, naturalOf(true), width), isShort: true }
}

function spansOf(cell: Cell, isShort: boolean): Span[] {
  const spans: readonly Span[] = typeof cell === 'string' ? [{ text: cell }] : cell
  return spans.map(({ text, short, format }) => ({
    text: printable(isShort && short !== undefined ? short : text),
    format
  }))
}

function naturalWidths(columns: readonly Column[], rows: readonly Span[][][]): number[] {
  return columns.map(({ charactersMin = 0 }, index) =>
    rows.reduce((max, row) => Math.max(max, lengthOf(row[index])), charactersMin)
  )
}

/** If the columns need more than `width`, the widest flexible ones give way. */
function fitted(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const widths = [...natural]
  const least = columns.map(({ isFlexible }, index) =>
    isFlexible ? FLEXIBLE_CHARACTERS_MIN : (widths[index] ?? 0)
  )
  let excess = totalOf(widths) - width
  while (excess > 0) {
    const widest = widestAbove(widths, least)
    if (widest === undefined) break
    widths[widest] = (widths[widest] ?? 0) - 1
    excess -= 1
  }
  return widths
}

/** Characters of a line of columns this wide. */
function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1))
}

function widestAbove(widths: readonly number[], least: readonly number[]): number | undefined {
  let widest: number | undefined
  for (const [index, width] of widths.entries()) {
    if (width <= (least[index] ?? 0)) continue
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = index
  }
  return widest
}

interface LineOptions {
  columns: readonly Column[]
  widths: readonly number[]
  isCut: boolean
  paint: Paint
}

function line(row: readonly Span[][], { columns, widths, isCut, paint }: LineOptions): string {
  const cells = row.map((spans, index) => {
    const width = widths[index] ?? 0
    const shown = isCut ? cut(spans, width) : spans
    const painted = shown.map(({ text, format }) => paint(format, text)).join('')
    const padding = ' '.repeat(Math.max(0, width - lengthOf(shown)))
    return columns[index]?.align === 'right' ? padding + painted : painted + padding
  })
  return cells.join(GAP).trimEnd()
}

/** The spans within `width` characters, with `…` where something is missing. */
function cut(spans: readonly Span[], width: number): readonly Span[] {
  if (lengthOf(spans) <= width) return spans
  const kept: Span[] = []
  let left = width - 1
  for (const { text, format } of spans) {
    // By code points: half a surrogate pair is no character.
    const characters = Array.from(text)
    kept.push({ text: characters.slice(0, left).join(''), format })
    left -= characters.length
    if (left < 0) break
  }
  return [...kept, { text: '…' }]
}

function lengthOf(spans: readonly Span[] = []): number {
  return spans.reduce((sum, { text }) => sum + Array.from(text).length, 0)
}
