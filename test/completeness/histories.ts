import fc from 'fast-check'
import type { Flaw } from '../../server/completeness/flaws.ts'
import { type Range, rangesText } from '../../server/completeness/ranges.ts'
import type { Event } from '../../server/event-types.ts'
import { timeOfRunId } from '../../server/index/run-id.ts'
import { runId } from '../index/fixtures.ts'

/** What is done to a run on its way, as shares of its events or as how often. Nothing is, to a clean one. */
export interface Faults {
  /** Events that never arrive, by their places. */
  drops: number[]
  /** Events that are used again with other content. */
  doubles: number[]
  /** Events that arrive later than others: which, and by how many places. */
  moves: [at: number, by: number][]
  /** Whether the first event never arrives. */
  hasNoStart: boolean
  /** How many of the last events never arrive. */
  cut: number
  /** A stretch that the sender gives up, and tells so: where it begins, and how long it is. */
  spoolDrop: [at: number, length: number] | undefined
  /** Events that were counted and never written down, as the end of the run tells. */
  lost: number[]
  /** Remarks of the shipper that never arrive. */
  shipperDrops: number[]
  /** Events more than the run says at its end that it had. */
  surplus: number
}

export interface RunPlan {
  events: number
  end: 'finished' | 'interrupted' | 'killed' | 'running' | 'silent'
  heartbeats: number
  /** Events that are sent again, as they were. */
  retries: number[]
  faults: Faults
}

export interface Plan {
  runs: RunPlan[]
  /** Draws that say which run speaks next, and through which journal. */
  turns: number[]
  logs: number
}

const place = fc.nat(39)
const noFaults: Faults = {
  ...{ drops: [], doubles: [], moves: [], hasNoStart: false, cut: 0, spoolDrop: undefined },
  ...{ lost: [], shipperDrops: [], surplus: 0 }
}

const faults: fc.Arbitrary<Faults> = fc.record({
  drops: fc.uniqueArray(place, { maxLength: 4 }),
  doubles: fc.uniqueArray(place, { maxLength: 2 }),
  moves: fc.array(fc.tuple(place, fc.integer({ min: 1, max: 12 })), { maxLength: 3 }),
  hasNoStart: fc.boolean(),
  cut: fc.nat(4),
  spoolDrop: fc.option(fc.tuple(place, fc.integer({ min: 1, max: 8 })), { nil: undefined }),
  lost: fc.uniqueArray(place, { maxLength: 2 }),
  shipperDrops: fc.uniqueArray(fc.nat(3), { maxLength: 2 }),
  surplus: fc.nat(2)
})

/** Histories of some runs at once; of a clean one nothing is to be told but what is silent. */
export function plans(kind: 'clean' | 'faulty'): fc.Arbitrary<Plan> {
  const run: fc.Arbitrary<RunPlan> = fc.record({
    events: fc.integer({ min: 2, max: 40 }),
    end: fc.constantFrom(
      ...(['finished', 'interrupted', 'killed', 'running'] as const),
      ...(kind === 'clean' ? [] : (['silent'] as const))
    ),
    heartbeats: fc.nat(4),
    retries: fc.array(place, { maxLength: 6 }),
    faults: kind === 'clean' ? fc.constant(noFaults) : fc.oneof(fc.constant(noFaults), faults)
  })
  return fc.record({
    runs: fc.array(run, { minLength: 1, maxLength: 5 }),
    turns: fc.array(fc.nat(1_000), { minLength: 60, maxLength: 60 }),
    logs: fc.integer({ min: 1, max: 3 })
  })
}

/** An event on its way, to one of several servers. */
export interface Arrival {
  event: Event
  log: number
}

export interface History {
  runIds: string[]
  /** In the order in which they arrive. The same id with other content is refused by whoever has it. */
  arrivals: Arrival[]
  /** What has to be told, as told() tells it. */
  expected: string[]
}

/** Plays a plan: what arrives, and by brute force what is wrong with it. */
export function play(plan: Plan, startMs: number): History {
  const runIds = plan.runs.map((_, which) => runId(startMs + which, which))
  const sent = plan.runs.map((run, which) => sendingsOf(run, runIds[which] ?? ''))
  const arrivals: Arrival[] = []
  let turn = 0
  const draw = (): number => plan.turns[turn++ % plan.turns.length] ?? 0
  const left = sent.map(({ events }) => [...events])
  while (left.some((events) => events.length > 0)) {
    const speaking = left.filter((events) => events.length > 0)
    const next = speaking[draw() % speaking.length] ?? []
    // A batch goes to one server.
    const log = draw() % plan.logs
    for (const event of next.splice(0, 1 + (draw() % 7))) arrivals.push({ event, log })
  }
  const expected = plan.runs.flatMap((run, which) =>
    expectedOf(run, runIds[which] ?? '', arrivals, sent[which] ?? { events: [], given: new Set() })
  )
  return { runIds, arrivals, expected: expected.sort() }
}

interface Sendings {
  events: Event[]
  /** Numbers that the sender gave up and told of. */
  given: Set<number>
}

function sendingsOf(plan: RunPlan, id: string): Sendings {
  const { drops, doubles, moves, hasNoStart, cut, spoolDrop, lost, shipperDrops, surplus } = plan.faults
  const n = plan.events
  // What tells the end is never given up or lost.
  const inner = (at: number): number => (n < 3 ? -1 : 1 + (at % (n - 2)))
  const lostNumbers = new Set(lost.map(inner).filter((at) => at >= 0))
  const given = new Set<number>()
  if (spoolDrop !== undefined && n > 2)
    for (let at = inner(spoolDrop[0]); at < Math.min(n - 1, inner(spoolDrop[0]) + spoolDrop[1]); at++)
      if (!lostNumbers.has(at)) given.add(at)
  const dropped = new Set(drops.map((at) => at % n))
  if (hasNoStart) dropped.add(0)
  const own = Array.from({ length: n }, (_, number) => ownEvent(plan, id, number, lostNumbers.size, surplus))
    .slice(0, Math.max(1, n - cut))
    .filter((_, number) => !dropped.has(number) && !given.has(number) && !lostNumbers.has(number))
  for (const [at, by] of moves) {
    if (own.length === 0) break
    const [moved] = own.splice(at % own.length, 1)
    if (moved !== undefined) own.splice((at % (own.length + 1)) + by, 0, moved)
  }
  const remarks = Array.from({ length: plan.heartbeats }, (_, number) => heartbeat(id, number))
  if (given.size > 0) remarks.push(spoolDropped(id, plan.heartbeats, [...given]))
  const events = woven(
    own,
    remarks.filter((_, number) => !shipperDrops.includes(number))
  )
  const again = plan.retries.flatMap((at) => (events.length === 0 ? [] : (events[at % events.length] ?? [])))
  const other = doubles.flatMap((at) => (own.length === 0 ? [] : (own[at % own.length] ?? [])))
  const ends = plan.end === 'killed' ? [killed(id, remarks.length, n - lostNumbers.size - given.size)] : []
  // What is sent again comes behind what was there first, as a retried batch does.
  return { events: [...events, ...ends, ...again, ...other.map(altered)], given }
}

/** The remarks among the events, in order. */
function woven(events: readonly Event[], remarks: readonly Event[]): Event[] {
  const every = Math.max(1, Math.floor(events.length / (remarks.length + 1)))
  const all = events.flatMap((event, at) => {
    const remark = (at + 1) % every === 0 ? remarks[(at + 1) / every - 1] : undefined
    return remark === undefined ? [event] : [event, remark]
  })
  return [...all, ...remarks.filter((remark) => !all.includes(remark))]
}

function ownEvent(plan: RunPlan, id: string, number: number, lost: number, surplus: number): Event {
  const about = { id: `${id}:${number}`, sequence: number, dataset: 'ansible.run' as const }
  const time = { '@timestamp': timeOf(id, number) }
  const run = { id, name: 'site.yml' }
  const by = { user: { name: 'alice' }, observer: { hostname: 'control-1' } }
  if (number === 0)
    return {
      ...time,
      ...by,
      event: { ...about, action: 'run.started' },
      run: { ...run, kind: 'playbook', status: 'running' }
    }
  const events = Math.max(0, plan.events - surplus)
  const told = { ...run, events, ...(lost > 0 && { lost }) }
  if (number === plan.events - 1 && plan.end === 'finished')
    return {
      ...time,
      ...by,
      event: { ...about, action: 'run.finished' },
      run: { ...told, status: 'changed' }
    }
  if (number === plan.events - 1 && plan.end === 'interrupted')
    return {
      ...time,
      ...by,
      event: { ...about, action: 'run.aborted' },
      run: { ...told, status: 'aborted', reason: 'interrupted' }
    }
  return {
    ...time,
    ...by,
    event: { ...about, action: 'play.started', dataset: 'ansible.play' },
    run,
    ansible: { play: { id: `play-${number}`, name: `Play ${number}` } }
  }
}

function heartbeat(id: string, number: number): Event {
  return remark(id, number, 'run.heartbeat')
}

function spoolDropped(id: string, number: number, given: readonly number[]): Event {
  const sequences = given.map((each) => `${each}-${each}`)
  return {
    ...remark(id, number, 'spool.dropped'),
    spool: { reason: 'size', events: given.length, bytes: 100 * given.length, sequences }
  }
}

function killed(id: string, number: number, events: number): Event {
  const run = { id, name: 'site.yml', status: 'aborted' as const, reason: 'killed' as const, events }
  return { ...remark(id, number, 'run.aborted'), run }
}

function remark(id: string, number: number, action: Event['event']['action']): Event {
  const about = { id: `${id}:s${number}`, sequence: number, dataset: 'ansible.run' as const }
  return {
    '@timestamp': timeOf(id, number),
    event: { ...about, action, provider: 'shipper' },
    run: { id, name: 'site.yml' }
  }
}

/** Another event under the same id. */
function altered(event: Event): Event {
  return { ...event, labels: { altered: 'yes' } }
}

/** Events come a second apart, from the time of the run's start on, which its id says. */
function timeOf(id: string, number: number): string {
  return new Date(Date.parse(timeOfRunId(id)) + number * 1_000).toISOString()
}

/** What is wrong with a run, found without any of the code that is tested. */
function expectedOf(plan: RunPlan, id: string, arrivals: readonly Arrival[], { given }: Sendings): string[] {
  const first = new Map<string, Arrival & { at: number }>()
  const doubled = new Set<number>()
  for (const [at, { event, log }] of arrivals.entries()) {
    if (event.run?.id !== id) continue
    const known = first.get(event.event.id)
    if (known === undefined) first.set(event.event.id, { event, log, at })
    else if (JSON.stringify(known.event) !== JSON.stringify(event)) doubled.add(event.event.sequence ?? 0)
  }
  const kept = [...first.values()]
  const own = kept.filter(({ event }) => event.event.provider !== 'shipper')
  const remarks = kept.filter(({ event }) => event.event.provider === 'shipper')
  const ends = kept.flatMap(({ event }) =>
    event.event.action === 'run.finished' || event.event.action === 'run.aborted' ? event : []
  )
  const said = Math.max(0, ...ends.map(({ run }) => run?.events ?? 0))
  const lost = Math.max(0, ...ends.map(({ run }) => run?.lost ?? 0))
  const gave = remarks.some(({ event }) => event.event.action === 'spool.dropped') ? given : new Set<number>()
  const flaws = [
    own.some(({ event }) => event.event.action === 'run.started') ? '' : 'no_start',
    missing(own, 'run', said, gave),
    missing(remarks, 'shipper', 0, new Set()),
    late(own, 'run'),
    late(remarks, 'shipper'),
    doubled.size > 0 ? `doubled run ${numbersText([...doubled])}` : '',
    ends.length > 0 && own.length > said ? `surplus ${said} ${own.length}` : '',
    lost > 0 ? `lost ${lost}` : '',
    gave.size > 0 ? `dropped ${numbersText([...gave])}` : '',
    plan.end === 'silent' && own.length + remarks.length > 0 ? 'silent' : ''
  ]
  if (kept.length === 0) return []
  return flaws.filter((text) => text !== '').map((text) => `${id} ${text}`)
}

function missing(kept: readonly Arrival[], count: string, said: number, given: Set<number>): string {
  const here = new Set(kept.map(({ event }) => event.event.sequence ?? 0))
  const end = Math.max(said, 1 + Math.max(-1, ...here))
  const gone = Array.from({ length: end }, (_, number) => number).filter(
    (number) => !here.has(number) && !given.has(number)
  )
  return gone.length === 0 ? '' : `missing ${count} ${numbersText(gone)}`
}

function late(kept: readonly (Arrival & { at: number })[], count: string): string {
  const isLate = (one: Arrival & { at: number }): boolean =>
    kept.some(
      ({ event, log, at }) =>
        log === one.log && at < one.at && (event.event.sequence ?? 0) > (one.event.event.sequence ?? 0)
    )
  const numbers = kept.filter(isLate).map(({ event }) => event.event.sequence ?? 0)
  return numbers.length === 0 ? '' : `late ${count} ${numbersText(numbers)}`
}

function numbersText(numbers: readonly number[]): string {
  return [...numbers].sort((one, other) => one - other).join(',')
}

/** The flaws in the words of `expected`. */
export function told(flaws: readonly Flaw[]): string[] {
  return flaws.map(toldFlaw).sort()
}

function toldFlaw({ kind, run, count, ranges = [], events, said, recorded }: Flaw): string {
  const numbers = ranges.flatMap(({ first, last }: Range) =>
    Array.from({ length: last - first + 1 }, (_, at) => first + at)
  )
  const id = run?.id ?? '-'
  if (kind === 'surplus') return `${id} surplus ${said} ${recorded}`
  if (kind === 'lost') return `${id} lost ${events}`
  if (kind === 'no_start' || kind === 'silent') return `${id} ${kind}`
  if (events !== numbers.length) return `${id} ${kind} says ${events}, has ${rangesText(ranges)}`
  return `${id} ${kind} ${count === undefined ? '' : `${count} `}${numbersText(numbers)}`
}
