import { collectNumbers, type NumberSet, type Numbers, type Trail } from '../../completeness/numbers.ts'
import { openPlaces, type Places } from '../../completeness/places.ts'
import { scopedId } from '../../journal/known-ids.ts'
import { limits } from '../../limits.ts'
import type { Position } from '../store.ts'
import { documentIn } from './documents-by-id.ts'
import type { Ranges } from './ranges.ts'
import type { RunFold, RunSource } from './run-fold.ts'
import { type Asking, search } from './search.ts'
import { lateStretches, sizeOfStretches } from './stretches.ts'

interface EventPlace {
  event: { id: string }
  playtrail: { log: string; index: number }
}

/** A run's counts as its document calls them. */
const names = { run: ':', shipper: ':s', server: ':v' } as const

/** What there is of some runs: most of it is in their documents. Only where these do not say it, the events are asked. */
export async function readTrails(asking: Asking, runIds: readonly string[]): Promise<Trail[]> {
  if (runIds.length === 0) return []
  const { client, signal } = asking
  const request = { index: asking.names.runs, ids: [...runIds], _source: ['playtrail.fold'] }
  const { docs } = await client.mget<RunSource>(request, { signal })
  const trails: Trail[] = []
  for (const doc of docs) {
    // Somebody else may have written it: `playtrail reconcile` names such documents.
    const fold = (documentIn(doc)?._source as Partial<RunSource> | undefined)?.playtrail?.fold
    if (fold !== undefined) trails.push(trailOf(fold) ?? (await readFromEvents(asking, fold)))
  }
  return trails
}

/** Undefined if the document does not say where all of its events stand. */
export function trailOf({ state, counted, stretches }: RunFold): Trail | undefined {
  if (stretches === undefined || stretches === null) return undefined
  const numbers = (name: string): Numbers | undefined => {
    const ranges = counted[name] ?? []
    const events = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)
    const late = lateStretches(stretches, name)
    if (late === undefined || sizeOfStretches(stretches, name) !== events) return undefined
    return { events, last: ranges.at(-1)?.[1] ?? -1, missing: missingIn(ranges), late: setOf(late) }
  }
  const [run, shipper, server] = [numbers(names.run), numbers(names.shipper), numbers(names.server)]
  if (run === undefined || shipper === undefined || server === undefined) return undefined
  return { runId: state.id, isStarted: state.started !== null, counts: { run, shipper, server } }
}

function missingIn(ranges: Ranges): NumberSet {
  const missing = collectNumbers()
  let next = 0
  for (const [first, last] of ranges) {
    if (first > next) missing.add(next, first - 1)
    next = last + 1
  }
  return missing.set()
}

function setOf(ranges: [number, number][]): NumberSet {
  const set = collectNumbers()
  for (const [first, last] of ranges.toSorted(([one], [other]) => one - other)) set.add(first, last)
  return set.set()
}

async function readFromEvents(asking: Asking, { state }: RunFold): Promise<Trail> {
  const placed = new Map<string, Places>(Object.values(names).map((name) => [name, openPlaces()]))
  const size = limits.eventPartsAtOnce
  const filter = [{ term: { 'run.id': state.id } }]
  const sort = ['playtrail.log', 'playtrail.index'].map((field) => ({ [field]: { order: 'asc' as const } }))
  const fields = ['event.id', 'playtrail.log', 'playtrail.index']
  for (let after: Position | undefined; ; ) {
    const hits = await search<EventPlace>(asking, asking.names.events, { size, sort, filter, after, fields })
    for (const { _source } of hits) {
      if (_source === undefined) continue
      const { scope, sequence } = scopedId(_source.event.id)
      const { log, index } = _source.playtrail
      placed.get(scope.slice(state.id.length))?.add(sequence, index, log)
    }
    const last = hits.at(-1)?.sort
    if (hits.length < size || last === undefined) break
    after = last as (string | number)[]
  }
  const numbers = (name: string): Numbers => (placed.get(name) ?? openPlaces()).numbers()
  return {
    runId: state.id,
    isStarted: state.started !== null,
    counts: { run: numbers(names.run), shipper: numbers(names.shipper), server: numbers(names.server) }
  }
}
