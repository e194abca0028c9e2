import type { Event } from '../../../server/event-types.ts'
import { type Estate, estate, type Playbook } from './estate.ts'
import { type Random, randomFrom } from './random.ts'
import { runEvents } from './run-events.ts'
import { eventsOf, planRun } from './run-plan.ts'
import { texts } from './texts.ts'

const SEED = 6
/** Every history ends at this time, so that the same seed makes the same events on any day. */
export const historyEndMs = Date.UTC(2026, 9, 31)
export const historyDays = 90
const DAY_MS = 86_400_000
const EVENTS_A_RUN = 2_500
/** `site.yml` is run more often than others. */
const SITE_SHARE = 0.1

export interface HistoryOptions {
  /** About how many events; the last run is not cut. */
  events: number
  runs: number
  estate: Estate
}

/** The history of `events` events: 2,000 runs within 90 days for 5 million, and as many events a run for fewer. */
export function historyOf(events: number): HistoryOptions {
  return { events, runs: Math.max(1, Math.round(events / EVENTS_A_RUN)), estate: estate() }
}

/**
 * Events in the order of time, where runs overlap one of this and one of that, in batches as they are acknowledged.
 * Only the runs that go on are in memory.
 */
export function* history(options: HistoryOptions, eventsABatch: number): Generator<Event[]> {
  let batch: Event[] = []
  for (const event of merged(runs(options))) {
    batch.push(event)
    if (batch.length < eventsABatch) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** The events of each run, the runs in the order of their starts. */
function* runs({ events, runs, estate }: HistoryOptions): Generator<Event[]> {
  const random = randomFrom(SEED)
  const written = texts()
  let left = events
  for (const [at, startMs] of starts(runs, random).entries()) {
    // What the runs before had less or more than their part, the rest has more or less.
    const wanted = (left / (runs - at)) * random.logNormal(1, 0.6)
    const made = runEvents(
      planRun(estate, playbook(estate, wanted, random), startMs, wanted, random),
      random,
      written
    )
    left -= made.length
    yield made
  }
}

/** One that is large enough for so many events, where there is one. */
function playbook({ playbooks }: Estate, wanted: number, random: Random): Playbook {
  const site = playbooks.find(({ name }) => name === 'site.yml')
  const drawn = site !== undefined && random.chance(SITE_SHARE) ? site : random.pick(playbooks)
  if (eventsOf(drawn.plays) >= wanted) return drawn
  const larger = playbooks.filter(({ plays }) => eventsOf(plays) >= wanted)
  return larger.length > 0 ? random.pick(larger) : (site ?? drawn)
}

/** Three of four within working hours. */
function starts(runs: number, random: Random): number[] {
  return Array.from({ length: runs }, () => {
    const day = random.integer(1, historyDays)
    const hour = random.chance(0.75) ? 7 + random.next() * 10 : random.next() * 24
    return Math.floor(historyEndMs - day * DAY_MS + (hour / 24) * DAY_MS)
  }).sort((a, b) => a - b)
}

function* merged(ofRuns: Iterable<Event[]>): Generator<Event> {
  const open: { events: Event[]; at: number }[] = []
  const timeOf = ({ events, at }: { events: Event[]; at: number }): string => events[at]?.['@timestamp'] ?? ''
  const earliest = (): (typeof open)[number] | undefined => {
    let first = open[0]
    for (const each of open) if (first === undefined || timeOf(each) < timeOf(first)) first = each
    return first
  }
  function* until(time: string | undefined): Generator<Event> {
    for (let run = earliest(); run !== undefined; run = earliest()) {
      const event = run.events[run.at]
      if (event === undefined || (time !== undefined && event['@timestamp'] >= time)) return
      yield event
      run.at += 1
      if (run.at === run.events.length) open.splice(open.indexOf(run), 1)
    }
  }
  for (const events of ofRuns) {
    yield* until(events[0]?.['@timestamp'])
    open.push({ events, at: 0 })
  }
  yield* until(undefined)
}
