import type { EventFilter, Facet, FacetField } from '../../summaries.ts'
import { timeRange } from '../active-hours.ts'
import { HOUR_US } from '../tallies.ts'
import { columnsOfEvents, type Index, namesOf, simplified, split, type Whole } from './counted.ts'
import { hostCounts, hostSums, hostsCan, hoursCan, hoursWhere, tellsStatuses } from './rolled-hours.ts'

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
  const range = timeRange(filter)
  const { whole, edges } = split(range, HOUR_US)
  const isOfHours = (field: FacetField): boolean => field !== 'host.name' && hoursCan(filter)
  const ofHours = [...counts.keys()].filter(isOfHours)
  for (const field of ofHours) addHours(index, filter, field, whole, counts)
  const others = [...counts.keys()].filter((field) => !isOfHours(field))
  const rolled = [...ofHours, ...addHosts(index, filter, others, whole, counts)]
  addEvents(index, filter, rolled, edges, counts)
  const left = others.filter((field) => !rolled.includes(field))
  addEvents(index, filter, left, [range], counts)
  return counts
}

/** What `tallies` has of a field. */
function addHours(
  { db }: Index,
  filter: EventFilter,
  field: FacetField,
  whole: Whole,
  counts: Map<FacetField, Counts>
): void {
  const found = hoursWhere(db, filter, whole)
  if (filter.status !== undefined) found?.equal('e.status', filter.status)
  const rows = found?.asking<[number | string, number]>(
    `e.${columns[field]}, sum(e.events) FROM tallies e`,
    'GROUP BY 1'
  )
  for (const [value, events] of rows?.() ?? []) add(counts, field, value, events)
}

/** What `host_tallies` has, all fields in one pass; returns those of which it can tell. */
function addHosts(
  { db }: Index,
  filter: EventFilter,
  fields: readonly FacetField[],
  whole: Whole,
  counts: Map<FacetField, Counts>
): readonly FacetField[] {
  if (fields.length === 0 || !hostsCan(filter)) return []
  const named = fields.filter((field) => field !== 'status')
  const names = named.map((field) => `e.${columns[field]}`)
  const what = [...names, ...hostSums].join(', ')
  const ask = hoursWhere(db, filter, whole)?.asking<(number | null)[]>(
    `${what} FROM host_tallies e`,
    names.length === 0 ? '' : `GROUP BY ${names.join(', ')}`
  )
  const statuses = new Map<string, number>()
  let others = 0
  for (const row of ask?.() ?? []) {
    const sums = hostCounts(row.slice(named.length), filter.status)
    others += sums.others
    for (const [number, field] of named.entries()) add(counts, field, row[number] ?? 0, sums.events)
    for (const [status, events] of sums.statuses) statuses.set(status, (statuses.get(status) ?? 0) + events)
  }
  if (tellsStatuses(filter, others)) {
    if (!fields.includes('status')) return fields
    for (const [status, events] of statuses) add(counts, 'status', status, events)
    return fields
  }
  return filter.status === undefined ? named : []
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
function add(
  counts: Map<FacetField, Counts>,
  field: FacetField,
  value: number | string,
  events: number
): void {
  const into = counts.get(field)
  if (into !== undefined && value !== 0 && value !== '' && events > 0)
    into.set(value, (into.get(value) ?? 0) + events)
}
