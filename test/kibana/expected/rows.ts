import type { Cell, Row } from '../panel-query.ts'

/** A value that is only known to lie between two others, as a percentile is, which Elasticsearch interpolates. */
export interface Between {
  least: number
  most: number
}

export type ExpectedCell = Cell | Between
export type ExpectedRow = Record<string, ExpectedCell>

/** How plain TypeScript gets at the rows of a panel. */
export interface Expectation<Document> {
  of: readonly Document[]
  by: readonly Grouping<Document>[]
  metrics: Record<string, (documents: readonly Document[]) => ExpectedCell>
}

export interface Grouping<Document> {
  label: string
  /** None: the document is in no group. */
  values: (document: Document) => readonly (string | number)[]
  /** The groups stand by the greatest of this metric, and only so many of them; without it, by their value. */
  first?: { size: number; rankedBy: string }
}

/** The rows, in the order that the panel has to show them in. */
export function rowsExpected<Document>({ of, by, metrics }: Expectation<Document>): ExpectedRow[] {
  const [grouping, ...inner] = by
  if (grouping === undefined)
    return [Object.fromEntries(Object.entries(metrics).map(([label, metric]) => [label, metric(of)]))]
  const groups = new Map<string | number, Document[]>()
  for (const document of of)
    for (const value of grouping.values(document)) groups.set(value, [...(groups.get(value) ?? []), document])
  const rank = metrics[grouping.first?.rankedBy ?? '']
  return [...groups]
    .map(([value, documents]) => ({
      value,
      documents,
      rank: rank === undefined ? 0 : numberOf(rank(documents))
    }))
    .sort((a, b) => b.rank - a.rank || (a.value < b.value ? -1 : 1))
    .slice(0, grouping.first?.size)
    .flatMap(({ value, documents }) =>
      rowsExpected({ of: documents, by: inner, metrics }).map((row) => ({ [grouping.label]: value, ...row }))
    )
}

/** `actual` with each value that lies where it was expected replaced by that expectation, to be compared as a whole. */
export function settled(actual: readonly Row[], expected: readonly ExpectedRow[]): ExpectedRow[] {
  return actual.map((row, number) =>
    Object.fromEntries(
      Object.entries(row).map(([label, cell]) => {
        const wanted = expected[number]?.[label]
        if (typeof wanted === 'number' && typeof cell === 'number')
          return [label, Math.abs(wanted - cell) <= Math.abs(wanted) * 1e-9 ? wanted : cell]
        const isBetween =
          isRange(wanted) && typeof cell === 'number' && cell >= wanted.least && cell <= wanted.most
        return [label, isBetween ? wanted : cell]
      })
    )
  )
}

function isRange(cell: ExpectedCell): cell is Between {
  return typeof cell === 'object' && cell !== null
}

function numberOf(cell: ExpectedCell): number {
  return isRange(cell) ? cell.least : typeof cell === 'number' ? cell : Number.NEGATIVE_INFINITY
}

export const countOf = <Document>(where: (document: Document) => boolean = () => true) => {
  return (documents: readonly Document[]): number => documents.filter(where).length
}

export const sumOf = <Document>(value: (document: Document) => number | undefined) => {
  return (documents: readonly Document[]): number =>
    documents.reduce((sum, document) => sum + (value(document) ?? 0), 0)
}

export const maxOf = <Document>(value: (document: Document) => number | undefined) => {
  return (documents: readonly Document[]): number | null => {
    const values = documents.map(value).filter((one) => one !== undefined)
    return values.length === 0 ? null : Math.max(...values)
  }
}

export const distinctOf = <Document>(value: (document: Document) => string | undefined) => {
  return (documents: readonly Document[]): number =>
    new Set(documents.map(value).filter((one) => one !== undefined)).size
}

/** The values to both sides of where the percentile lies: definitions of it differ by less than one place. */
export const percentileOf = <Document>(
  percent: number,
  value: (document: Document) => number | undefined
) => {
  return (documents: readonly Document[]): Between | null => {
    const values = documents
      .map(value)
      .filter((one) => one !== undefined)
      .sort((a, b) => a - b)
    if (values.length === 0) return null
    const place = (percent / 100) * values.length
    const at = (index: number): number => values[Math.min(values.length - 1, Math.max(0, index))] ?? 0
    return { least: at(Math.floor(place) - 1), most: at(Math.ceil(place)) }
  }
}
