import type { EventQuery, IndexedEvent, Page, Store } from '../index/store.ts'
import { limits } from '../limits.ts'
import { openDrops } from './drops.ts'
import { type Flaw, type Remarks, setOf, shown } from './flaws.ts'
import type { Count } from './numbers.ts'
import { isWithin, type Period } from './period.ts'
import type { QuarantineContent, RefusedId } from './quarantined.ts'

/** What is said of runs by others than their own numbers. */
export interface RemarksOfRuns {
  of(runId: string): Remarks
  /** Conflicts within the period of what belongs to none of these runs. */
  conflictsBeside(runIds: ReadonlySet<string>): Flaw[]
  /** There are more than were read. */
  isCut: boolean
  /** Conflicts that were only counted, and whose ids nobody here can tell. */
  notTold: number
}

interface Asking {
  store: Pick<Store, 'eventParts' | 'events'>
  /** The journal of this server, whose quarantine it is. */
  log: string
  quarantine: QuarantineContent
}

/** Clocks of controllers may be wrong by so much, and what is said of a run still comes after its start. */
const CLOCKS_APART_MS = 24 * 3_600_000
/** What was only counted is told at the end of its minute (server/life/per-minute.ts). */
const COUNTED_MS = 60_000
const RUN_ID_CHARACTERS = 36
const COUNTED_ID = /^([0-9a-f-]{36}):([sv]?)([0-9]+)$/
const countOf: Readonly<Record<string, Count>> = { '': 'run', s: 'shipper', v: 'server' }

export async function readRemarks(
  { store, log, quarantine }: Asking,
  period: Period,
  signal: AbortSignal
): Promise<RemarksOfRuns> {
  const since = { fromMs: period.fromMs - CLOCKS_APART_MS, order: 'asc' as const }
  const ofDrops = { ...since, action: 'spool.dropped', fields: ['run.id', 'spool'] }
  const drops = openDrops(period)
  const areDropsCut = await readEach(
    (page) => store.eventParts({ ...ofDrops, ...page }, signal),
    ({ run, spool }) => drops.add(run?.id ?? '', spool)
  )
  const refused: RefusedId[] = []
  let notTold = 0
  const areConflictsCut = await readEach(
    (page) => store.events({ ...since, action: 'event.conflict', ...page }, signal),
    (event) => {
      if (event.conflict === undefined) return
      refused.push({ eventId: event.conflict.event_id, at: event['@timestamp'] })
      if (!isTold(event)) notTold += event.conflict.suppressed ?? 0
    }
  )
  const ids = oneOfEach([...refused, ...quarantine.conflicts], period)
  const doubled = Map.groupBy(ids.values(), ({ eventId }) => eventId.slice(0, RUN_ID_CHARACTERS))

  return {
    of: (runId) => {
      const of = doubled.get(runId)?.flatMap(({ eventId }) => numberOf(eventId)) ?? []
      return { dropped: drops.of(runId), doubled: of }
    },
    conflictsBeside: (runIds) =>
      [...doubled].flatMap(([runId, all]) =>
        runIds.has(runId) ? [] : flawsBeside(all.filter(({ at }) => isWithin(at, period)))
      ),
    isCut: areDropsCut || drops.isCut() || areConflictsCut,
    notTold
  }

  /** The bytes of all that were refused are in the quarantine of the server that refused them, as long as it keeps them. */
  function isTold({ playtrail, '@timestamp': at }: IndexedEvent): boolean {
    const keptSinceMs = quarantine.keptSinceMs ?? Number.NEGATIVE_INFINITY
    return playtrail.log === log && Date.parse(at) - COUNTED_MS > keptSinceMs
  }
}

/** Nothing but what `take` keeps is held. Returns whether there are more than are read. */
async function readEach<Item>(
  read: (page: Pick<EventQuery, 'limit' | 'after'>) => Promise<Page<Item>>,
  take: (item: Item) => void
): Promise<boolean> {
  let count = 0
  for (let after: EventQuery['after']; ; ) {
    const page = await read({ limit: limits.pageItemsMax, after })
    for (const item of page.items) take(item)
    count += page.items.length
    if (page.next === undefined) return false
    if (count >= limits.completenessRemarksMax) return true
    after = page.next
  }
}

/** Each id once; of one that was refused several times, a time within the period if there is any. */
function oneOfEach(refused: readonly RefusedId[], period: Period): Map<string, RefusedId> {
  const ids = new Map<string, RefusedId>()
  for (const each of refused) {
    const known = ids.get(each.eventId)
    if (known === undefined || !isWithin(known.at, period)) ids.set(each.eventId, each)
  }
  return ids
}

function numberOf(eventId: string): Remarks['doubled'][number] | [] {
  const [, , letter = '', number] = COUNTED_ID.exec(eventId) ?? []
  const count = countOf[letter]
  return number === undefined || count === undefined ? [] : { count, number: Number(number) }
}

function flawsBeside(conflicts: readonly RefusedId[]): Flaw[] {
  const byCount = Map.groupBy(conflicts, ({ eventId }) => COUNTED_ID.exec(eventId)?.[2])
  return [...byCount].flatMap(([letter, all]): Flaw | Flaw[] => {
    if (letter === undefined)
      return all.map(({ eventId, at }) => ({ kind: 'doubled', events: 1, since: at, message: eventId }))
    const numbers = all.flatMap(({ eventId }) => numberOf(eventId)).map(({ number }) => number)
    const set = setOf(numbers.map((number) => ({ first: number, last: number })))
    const run = { id: (all[0]?.eventId ?? '').slice(0, RUN_ID_CHARACTERS) }
    return { kind: 'doubled', run, count: countOf[letter] ?? 'run', ...shown(set) }
  })
}
