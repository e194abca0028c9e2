import type { Entry, Kept } from './commits.ts'
import { type IdRange, joinRanges, type KnownIds, type ScopedId, scopedId } from './known-ids.ts'

/** Ids that were given to the journal and are not on disk yet: `entries[0]` is number `first` of the scope. */
interface Flight {
  scope: string
  first: number
  last: number
  entries: readonly Entry[]
  durable: Promise<void>
}

/** An entry whose id was used before, and where the bytes of the first use are. */
interface Repeated {
  /** Position in the caller's entries. */
  position: number
  entry: Entry
  first: { flight: Flight; payload: Buffer } | { index: number }
}

type Group = ScopedId & { position: number; entries: Entry[] }

export interface Claim {
  /** Entries that no one had claimed before. */
  fresh: number
  /**
   * Resolves when the fresh entries, and the first copies of the repeated ones, are on disk: positions of
   * the entries whose id stands for other bytes.
   */
  conflicts: Promise<number[]>
}

/**
 * Keeps each event id once, whoever sends it and however often at the same time. Ids come in long runs of
 * consecutive numbers, so the question is asked once a run, not once an event.
 */
export class Claims {
  readonly #ids: KnownIds
  readonly #payloads: (indices: readonly number[]) => AsyncIterable<Buffer>
  readonly #flights = new Map<string, Flight[]>()

  /** `payloads` gives the payloads of the records with these indices, in their order. */
  constructor(ids: KnownIds, payloads: (indices: readonly number[]) => AsyncIterable<Buffer>) {
    this.#ids = ids
    this.#payloads = payloads
  }

  /**
   * Claims the ids of `entries`, before it returns, and gives those that are new to `append`, which
   * resolves when all of them are on disk.
   */
  claim(entries: readonly Entry[], append: (fresh: readonly Entry[]) => Promise<Kept>): Claim {
    const durable = Promise.withResolvers<void>()
    durable.promise.catch(() => undefined) // told to the caller through `conflicts`
    const flights: Flight[] = []
    const repeated: Repeated[] = []
    try {
      for (const group of consecutive(entries)) {
        for (const part of this.#split(group, repeated)) {
          const flight = { ...part, durable: durable.promise }
          flights.push(flight)
          this.#takeOff(flight)
        }
      }
    } catch (error) {
      for (const flight of flights) this.#land(flight)
      durable.reject(error)
      throw error
    }
    const fresh = flights.flatMap((flight) => flight.entries)
    const written = fresh.length === 0 ? Promise.resolve() : this.#write(fresh, flights, append)
    written.then(durable.resolve, durable.reject)
    return { fresh: fresh.length, conflicts: written.then(() => this.#conflicts(repeated)) }
  }

  async #write(
    fresh: readonly Entry[],
    flights: readonly Flight[],
    append: (fresh: readonly Entry[]) => Promise<Kept>
  ): Promise<void> {
    try {
      const { first, lastSalt } = await append(fresh)
      this.#ids.add(joinRanges(scopedIds(fresh, first)), { end: first + fresh.length, salt: lastSalt })
    } finally {
      for (const flight of flights) this.#land(flight)
    }
  }

  /** The parts of a group that are new; entries that are not go to `repeated`. */
  #split(group: Group, repeated: Repeated[]): Omit<Flight, 'durable'>[] {
    const { scope, sequence: first, entries, position } = group
    const last = first + entries.length - 1
    const flights = (this.#flights.get(scope) ?? []).filter(
      (flight) => flight.first <= last && flight.last >= first
    )
    const ranges = this.#ids.overlapping(scope, first, last)
    if (flights.length === 0 && ranges.length === 0) return [{ scope, first, last, entries }]

    const parts: Omit<Flight, 'durable'>[] = []
    for (const [offset, entry] of entries.entries()) {
      const sequence = first + offset
      const known = findFirst(sequence, flights, ranges)
      if (known === undefined) parts.push({ scope, first: sequence, last: sequence, entries: [entry] })
      else repeated.push({ position: position + offset, entry, first: known })
    }
    return parts
  }

  async #conflicts(repeated: readonly Repeated[]): Promise<number[]> {
    const conflicts: number[] = []
    const onDisk: { position: number; entry: Entry; index: number }[] = []
    for (const { position, entry, first } of repeated) {
      if ('index' in first) {
        onDisk.push({ position, entry, index: first.index })
        continue
      }
      await first.flight.durable
      if (!first.payload.equals(entry.payload)) conflicts.push(position)
    }
    onDisk.sort((a, b) => a.index - b.index)
    let next = 0
    for await (const payload of this.#payloads(onDisk.map(({ index }) => index))) {
      const compared = onDisk[next++]
      if (compared !== undefined && !payload.equals(compared.entry.payload)) conflicts.push(compared.position)
    }
    return conflicts.sort((a, b) => a - b)
  }

  #takeOff(flight: Flight): void {
    const flights = this.#flights.get(flight.scope)
    if (flights === undefined) this.#flights.set(flight.scope, [flight])
    else flights.push(flight)
  }

  #land(flight: Flight): void {
    const left = (this.#flights.get(flight.scope) ?? []).filter((other) => other !== flight)
    if (left.length === 0) this.#flights.delete(flight.scope)
    else this.#flights.set(flight.scope, left)
  }
}

/** Cuts the entries into runs of consecutive numbers of one count. */
function consecutive(entries: readonly Entry[]): Group[] {
  const groups: Group[] = []
  for (const [position, entry] of entries.entries()) {
    const { scope, sequence } = scopedId(entry.eventId)
    const group = groups.at(-1)
    if (group?.scope === scope && group.sequence + group.entries.length === sequence)
      group.entries.push(entry)
    else groups.push({ scope, sequence, position, entries: [entry] })
  }
  return groups
}

function findFirst(
  sequence: number,
  flights: readonly Flight[],
  ranges: readonly IdRange[]
): Repeated['first'] | undefined {
  const flight = flights.find(({ first, last }) => first <= sequence && sequence <= last)
  const payload = flight?.entries[sequence - flight.first]?.payload
  if (flight !== undefined && payload !== undefined) return { flight, payload }
  const range = ranges.find(({ first, last }) => first <= sequence && sequence <= last)
  return range && { index: range.index + sequence - range.first }
}

function* scopedIds(entries: readonly Entry[], first: number): Generator<ScopedId & { index: number }> {
  for (const [offset, { eventId }] of entries.entries()) yield { ...scopedId(eventId), index: first + offset }
}
