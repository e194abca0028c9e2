import type { Event } from '../../../server/event-types.ts'
import { type Expectation, type ExpectedRow, type Grouping, maxOf, rowsExpected } from './rows.ts'

const SIX_HOURS_MS = 21_600_000
export const DAY_MS = 86_400_000
/** What Kibana asks Elasticsearch to call the documents without a value. */
const MISSING = '__missing__'

interface Timed {
  '@timestamp': string
}

export const timeOf = ({ '@timestamp': time }: Timed): number => Date.parse(time)
export const last = maxOf<Timed>(timeOf)

export const time = (stepMs = SIX_HOURS_MS): Grouping<Timed> => ({
  label: '@timestamp',
  values: (document) => [Math.floor(timeOf(document) / stepMs) * stepMs]
})

/** Groups by a field, those first for which the metric is greatest. */
export function top<Document>(
  label: string,
  value: (document: Document) => string | readonly string[] | undefined,
  size: number,
  rankedBy: string,
  missing?: 'with missing'
): Grouping<Document> {
  const values = (document: Document): readonly string[] => {
    const found = value(document)
    if (found === undefined) return missing === undefined ? [] : [MISSING]
    return typeof found === 'string' ? [found] : found
  }
  return { label, values, first: { size, rankedBy } }
}

export const table = <Document>(
  of: readonly Document[],
  by: readonly Grouping<Document>[],
  metrics: Expectation<Document>['metrics']
): ExpectedRow[] => rowsExpected({ of, by, metrics })

export const statusOf = ({ ansible }: Event) => ansible?.result?.status
export const hostOf = ({ host }: Event) => host?.name
export const taskOf = ({ ansible }: Event) => ansible?.task?.name
export const durationOf = ({ event }: Event) => event.duration
export const isFailure = (event: Event): boolean =>
  statusOf(event) === 'failed' && event.ansible?.result?.ignored !== true

export function newestFirst<Document extends Timed>(documents: readonly Document[]): Document[] {
  const DOCUMENTS_MAX = 100
  return documents.toSorted((a, b) => timeOf(b) - timeOf(a)).slice(0, DOCUMENTS_MAX)
}
