import { resultStatuses } from '../../store.ts'
import type { EventFilter, Facet, FacetField } from '../../summaries.ts'
import { timeRange } from '../active-hours.ts'
import { HOUR_US } from '../tallies.ts'
import { columnsOfEvents, type Index, namesOf, simplified, split, type Whole } from './counted.ts'
import { hostsCan, hoursCan, hoursWhere, statusSum } from './rolled-hours.ts'

/** The columns that hold the fields; status is a text, the others are keys. */
const columns: Readonly<Record<FacetField, string>> = {
  'event.action': 'action',
  status: 'status',
  'host.name': 'host',
  'user.name': 'user',
  'run.name': 'playbook'
}

type Counts = Map<number | string, number>

export function findFacets(
  index: Index,
  asked: EventFilter,
  fields: readonly FacetField[],
  valuesMax: number
): Facet[] {
  const filter = simplified(asked)
  const nameOf = namesOf(index.db)
  const counts = countAll(index, filter, fields)
  return fields.map((field) => {
    const found = [...(counts.get(field) ?? [])].map(([value, events]) => ({ value, events }))
    const values = namedGreatest(found, valuesMax, (value) =>
      typeof value === 'string' ? value : nameOf(value)
    )
    const named = values.reduce((sum, { events }) => sum + events, 0)
    const all = found.reduce((sum, { events }) => sum + events, 0)
    return { field, values, others: all - named }
  })
}

/** The greatest counts; only those, and their equals, are given their names, by which equals are sorted. */
function namedGreatest(
  found: { value: number | string; events: number }[],
  valuesMax: number,
  nameOf: (value: number | string) => string
): Facet['values'] {
  found.sort((one, other) => other.events - one.events)
  const least = found[valuesMax - 1]?.events ?? 0
  return found
    .filter(({ events }) => events >= least)
    .map(({ value, events }) => ({ value: nameOf(value), events }))
    .sort((one, other) => other.events - one.events || (one.value < other.value ? -1 : 1))
    .slice(0, valuesMax)
}

function countAll(index: Index, filter: EventFilter, fields: readonly FacetField[]): Map<FacetField, Counts> {
  const counts = new Map(fields.map((field): [FacetField, Counts] => [field, new Map()]))
  const rolled: FacetField[] = []
  const range = timeRange(filter)
  const { whole, edges } = split(range, HOUR_US)
  for (const [field, into] of counts) {
    if (addWhole(index, filter, field, whole, into)) rolled.push(field)
  }
  addEvents(index, filter, rolled, edges, counts)
  const others = [...counts.keys()].filter((field) => !rolled.includes(field))
  addEvents(index, filter, others, [range], counts)
  return counts
}

/** What the roll-ups have of a field; false where they cannot tell. */
function addWhole(
  index: Index,
  filter: EventFilter,
  field: FacetField,
  whole: Whole,
  counts: Counts
): boolean {
  const { db } = index
  const column = columns[field]
  if (field !== 'host.name' && hoursCan(filter)) {
    const found = hoursWhere(db, filter, whole)
    if (filter.status !== undefined) found?.equal('e.status', filter.status)
    const rows = found?.asking<[number | string, number]>(
      `e.${column}, sum(e.events) FROM tallies e`,
      `GROUP BY 1`
    )
    add(counts, rows?.() ?? [])
    return true
  }
  if (!hostsCan(db, filter, whole, field === 'status')) return false
  const found = hoursWhere(db, filter, whole)
  if (field === 'status') {
    const sums = resultStatuses.map((status) => `sum(e.${status})`).join(', ')
    for (const row of found?.asking<number[]>(`${sums} FROM host_tallies e`, '')() ?? []) {
      const known = resultStatuses.filter((status) => filter.status === undefined || status === filter.status)
      add(
        counts,
        known.map((status) => [status, row[resultStatuses.indexOf(status)] ?? 0])
      )
    }
    return true
  }
  const rows = found?.asking<[number, number]>(
    `e.${column}, sum(${statusSum(filter.status)}) FROM host_tallies e`,
    'GROUP BY 1'
  )
  add(counts, rows?.() ?? [])
  return true
}

function addEvents(
  index: Index,
  filter: EventFilter,
  fields: readonly FacetField[],
  ranges: Parameters<typeof columnsOfEvents>[2],
  counts: Map<FacetField, Counts>
): void {
  if (fields.length === 0) return
  const wanted = fields.map((field) => counts.get(field) ?? new Map<number | string, number>())
  const names = fields.map((field) => `e.${columns[field]}`).join(', ')
  for (const row of columnsOfEvents<(number | string | null)[]>(index, filter, ranges, names)) {
    for (const [number, value] of row.entries()) {
      const into = wanted[number]
      if (value !== null && into !== undefined) into.set(value, (into.get(value) ?? 0) + 1)
    }
  }
}

/** In the roll-ups 0, or an empty text, stands for no value. */
function add(counts: Counts, rows: Iterable<readonly [number | string, number]>): void {
  for (const [value, events] of rows) {
    if (value === 0 || value === '' || events === 0) continue
    counts.set(value, (counts.get(value) ?? 0) + events)
  }
}
