import type { JournalFiles } from '../../journal/read-only.ts'
import type { JournalRecord } from '../../journal/record.ts'
import type { EventColumns } from '../columns.ts'

/** The journal as it stood when it was opened. */
export type ComparedJournal = Pick<JournalFiles, 'id' | 'end' | 'read'>

/** A record of the journal, and what the index finds its event by. */
export interface Recorded {
  record: JournalRecord
  columns: EventColumns
}

/** Tells what may be gone by intent, because it is older than what the index keeps. */
export interface Expiry {
  hasEvent(recorded: Recorded): boolean
  hasResult(recorded: Recorded): boolean
  /** Such a run is not compared: some of its events may be gone. */
  hasRun(id: string): boolean
}

/** A document as the index has it. */
export interface Found {
  /** What its kind of document is known by: `event.id` of an event, the key of a result. */
  id: string
  /** The record that it says it comes from; of an event that says none, undefined. */
  record: number | undefined
  /** Where it lies: a text that only the index understands, the same each time. */
  place: string
  /** What is compared. */
  document: unknown
  /** It says that it comes from a journal that never wrote to this index: no journal can tell whether it is right. */
  isUnclaimed: boolean
}

/** A document that says which result of a task on a host counts. */
export interface FoundResult extends Found {
  sequence: number
  status: string
  runId: string
  /** It came through another server, whose journal tells whether it is right. */
  isOfOther: boolean
}

/** What a host's result becomes. */
export interface ExpectedResult {
  key: string
  runId: string
  sequence: number
  status: string
}

/** What the journal says of a run's events where the index says something else. */
export interface RunCorrection {
  /** The document at this place is not to be believed. */
  isWrong(place: string): boolean
  /** Events of the run that are missing in the index, or lie in it changed. */
  recorded(): AsyncIterable<Recorded>
  /** Results of the run by status, to be added to what the index has; negative where it has too many. */
  results: Readonly<Record<string, number>>
}

/** What a run's document is, and what it has to be by its events. */
export interface RunLook {
  /** Names of the fields that differ; empty if they agree. */
  fields: string[]
  /** `other`: no event of it came through this journal. `moving`: it is being written to right now. */
  state: 'agrees' | 'missing' | 'changed' | 'added' | 'other' | 'moving'
}

/**
 * What a comparison with the journal needs of an index; it is opened beside a running server, and changes nothing.
 * Whatever is returned as a list or comes one by one is read in pages of a limited size. Events are compared
 * with exactly what the writer would write.
 */
export interface ComparableIndex {
  /** Everything of the journal before this record is in the index, as it says itself. Throws Uncheckable. */
  cursor(): Promise<number>

  /** What is gone by intent, as it stands by then. */
  expiry(): Promise<Expiry>

  /** Events that say they come from the records first ≤ n < next of this journal, in that order. */
  events(first: number, next: number): AsyncIterable<Found>
  /** Events that say they come from this journal, from a record that is none of 0 ≤ n < end; and unclaimed ones. */
  eventsOutside(end: number): AsyncIterable<Found>
  /** Every document with one of these ids, wherever it says it comes from, written up to now. */
  eventsById(ids: readonly string[]): Promise<Found[]>
  /** Of events that were found under this journal: further documents that say they come from elsewhere. */
  copies(ids: readonly string[]): Promise<Found[]>
  /**
   * Names of the fields that are not as the journal has them. Of a document that came through another server
   * what that one added is not compared.
   */
  compareEvent(expected: Recorded, found: Found): string[]
  /** True if the document came through another server that writes to this index. */
  isOfOther(found: Found): boolean

  /** What a record becomes as a result; undefined if it is none. */
  expectedResult(expected: Recorded): ExpectedResult | undefined
  /** As `events`, of the results. */
  results(first: number, next: number): AsyncIterable<FoundResult>
  resultsOutside(end: number): AsyncIterable<FoundResult>
  resultsByKey(keys: readonly string[]): Promise<FoundResult[]>
  compareResult(expected: Recorded, found: FoundResult): string[]

  /** Ids of runs with events of this journal, ascending. */
  runsWithEvents(): AsyncIterable<string>
  /** Ids of runs with a document that no other server answers for, ascending. */
  runsWithDocument(): AsyncIterable<string>
  /** Makes the run anew from its events and compares that with its document. */
  lookAtRun(id: string, correction: RunCorrection): Promise<RunLook>

  /** Ends a pass: what comes then sees the index as it is by then. */
  endPass(): Promise<void>
  close(): Promise<void>
}

/** What is written, and over which document, if there is one. */
export interface Rewrite {
  expected: Recorded
  place: string | undefined
}

/** Makes an index agree with the journal. Throws Fatal, with what to do, where the right to do so lacks. */
export interface IndexRepair {
  /** Writes what the journal says; a document at `place` is replaced. */
  writeEvents(rewrites: readonly Rewrite[]): Promise<void>
  removeEvents(places: readonly string[]): Promise<void>
  writeResults(rewrites: readonly Rewrite[]): Promise<void>
  removeResults(places: readonly string[]): Promise<void>
  /** Replaces a run's document by one that is made of its events; removes it if there are none. */
  rebuildRun(id: string, correction: RunCorrection): Promise<void>
  /** Makes sure that what was written is seen by the pass that comes. */
  settle(): Promise<void>
}

/** The comparison cannot be made; the message says why, and what to do. */
export class Uncheckable extends Error {
  override readonly name = 'Uncheckable'
}
