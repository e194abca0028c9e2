import { collectNumbers, type NumberSet, type Numbers, type Placed } from './numbers.ts'

/** Where the events of one count stand, which may be many millions: 18 bytes each while they are taken. */
export interface Places {
  add(number: number, record: number, log?: string): void
  numbers(): Numbers
}

const GAPS_SHARE_MAX = 4
const FIRST_ROOM = 1_024

/** The order in which the events are given makes no difference; one that is given twice counts once. */
export function numbersOf(placed: Iterable<Placed>): Numbers {
  const places = openPlaces()
  for (const [number, record, log] of placed) places.add(number, record, log)
  return places.numbers()
}

export function openPlaces(): Places {
  const logs = new Map<string, number>()
  let columns: Columns = {
    numbers: new Float64Array(FIRST_ROOM),
    records: new Float64Array(FIRST_ROOM),
    logs: new Uint16Array(FIRST_ROOM)
  }
  let size = 0
  let last = -1
  return {
    add(number, record, log = '') {
      if (size === columns.numbers.length) columns = doubled(columns)
      const which = logs.get(log) ?? logs.size
      logs.set(log, which)
      columns.numbers[size] = number
      columns.records[size] = record
      columns.logs[size] = which
      size++
      last = Math.max(last, number)
    },
    numbers() {
      const isDense = logs.size <= 1 && last <= GAPS_SHARE_MAX * size
      return isDense ? ofOneJournal(columns, size, last) : ofJournals(columns, size, logs.size)
    }
  }
}

interface Columns {
  numbers: Float64Array
  records: Float64Array
  logs: Uint16Array
}

function doubled({ numbers, records, logs }: Columns): Columns {
  const room = 2 * numbers.length
  const more = {
    numbers: new Float64Array(room),
    records: new Float64Array(room),
    logs: new Uint16Array(room)
  }
  more.numbers.set(numbers)
  more.records.set(records)
  more.logs.set(logs)
  return more
}

/** Numbers without large gaps are their own places in an array: five times as fast as to sort them. */
function ofOneJournal({ numbers, records: given }: Columns, size: number, last: number): Numbers {
  const records = new Float64Array(last + 1).fill(Number.POSITIVE_INFINITY)
  for (let at = 0; at < size; at++) {
    const number = numbers[at] ?? 0
    records[number] = Math.min(records[number] ?? 0, given[at] ?? 0)
  }
  const isLate = new Uint8Array(last + 1)
  let first = Number.POSITIVE_INFINITY
  for (let number = last; number >= 0; number--) {
    const record = records[number] ?? 0
    if (record > first && record !== Number.POSITIVE_INFINITY) isLate[number] = 1
    first = Math.min(first, record)
  }
  const [missing, late] = [collectNumbers(), collectNumbers()]
  let events = 0
  for (let number = 0; number <= last; number++) {
    if (records[number] === Number.POSITIVE_INFINITY) missing.add(number, number)
    else events++
    if (isLate[number] === 1) late.add(number, number)
  }
  return { events, last, missing: missing.set(), late: late.set() }
}

function ofJournals(columns: Columns, size: number, logCount: number): Numbers {
  const { numbers, records } = columns
  const number = (place: number): number => numbers[place] ?? 0
  const order = Uint32Array.from({ length: size }, (_, place) => place)
  order.sort((one, other) => number(one) - number(other) || (records[one] ?? 0) - (records[other] ?? 0))
  const missing = collectNumbers()
  let events = 0
  let next = 0
  // Of one that is given twice the first record counts.
  for (const place of order) {
    if (number(place) < next) continue
    if (number(place) > next) missing.add(next, number(place) - 1)
    next = number(place) + 1
    order[events++] = place
  }
  return {
    events,
    last: next - 1,
    missing: missing.set(),
    late: lateIn(columns, order.subarray(0, events), logCount)
  }
}

/** From the greatest number down: one whose record lies behind that of a greater one came late. */
function lateIn({ numbers, records, logs }: Columns, order: Uint32Array, logCount: number): NumberSet {
  const firstRecords = new Float64Array(logCount).fill(Number.POSITIVE_INFINITY)
  const isLate = new Uint8Array(order.length)
  for (let at = order.length - 1; at >= 0; at--) {
    const place = order[at] ?? 0
    const [record = 0, log = 0] = [records[place], logs[place]]
    if (record > (firstRecords[log] ?? 0)) isLate[at] = 1
    else firstRecords[log] = record
  }
  const late = collectNumbers()
  for (const [at, place] of order.entries()) {
    const number = numbers[place] ?? 0
    if (isLate[at] === 1) late.add(number, number)
  }
  return late.set()
}
