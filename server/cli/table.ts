import { printable } from './printable.ts'
import type { Format, Paint } from './style.ts'

export interface Column {
  title: string
  /** Gives way when the terminal is too narrow; the others are always shown whole. */
  isFlexible?: boolean
  /** Never narrower than this, unless it is flexible and has to be. */
  charactersMin?: number
  align?: 'right'
}

/** A part of a cell with a colour of its own. */
export interface Span {
  text: string
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
const FLEXIBLE_CHARACTERS_MIN = 8
/** Without a width, a longer cell pushes its own line only, instead of padding all the others. */
const PADDING_CHARACTERS_MAX = 80

/**
 * A table that is printed piece by piece: each call gives the lines of some more rows. The first call brings
 * the titles and sets the widths, which stay. Cells come from events, so that everything goes through printable().
 */
export function createTable({ columns, width, paint }: TableOptions): (rows: readonly Cell[][]) => string {
  let widths: number[] | undefined
  return (rows) => {
    const cells = rows.map((row) => row.map(spansOf))
    const titles = columns.map(({ title }): Span[] => [{ text: title, format: 'bold' }])
    const isFirst = widths === undefined
    widths ??= columnWidths(columns, [titles, ...cells], width)
    const fixed = widths
    const lines = isFirst ? [titles, ...cells] : cells
    return lines
      .map((row) => `${line(row, { columns, widths: fixed, isCut: width !== undefined, paint })}\n`)
      .join('')
  }
}

function spansOf(cell: Cell): Span[] {
  const spans = typeof cell === 'string' ? [{ text: cell }] : cell
  return spans.map(({ text, format }) => ({ text: printable(text), format }))
}

/** What the cells need; if that is more than `width`, the widest flexible columns give way. */
function columnWidths(
  columns: readonly Column[],
  rows: readonly Span[][][],
  width: number | undefined
): number[] {
  const widths = columns.map(({ charactersMin = 0 }, index) =>
    rows.reduce((max, row) => Math.max(max, lengthOf(row[index])), charactersMin)
  )
  if (width === undefined) return widths.map((natural) => Math.min(natural, PADDING_CHARACTERS_MAX))
  const least = columns.map(({ isFlexible, title }, index) =>
    isFlexible ? Math.max(title.length, FLEXIBLE_CHARACTERS_MIN) : (widths[index] ?? 0)
  )
  let excess = widths.reduce((sum, natural) => sum + natural, GAP.length * (columns.length - 1)) - width
  while (excess > 0) {
    const widest = widestAbove(widths, least)
    if (widest === undefined) break
    widths[widest] = (widths[widest] ?? 0) - 1
    excess -= 1
  }
  return widths
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
