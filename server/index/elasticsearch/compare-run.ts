import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@elastic/elasticsearch'
import { limits } from '../../limits.ts'
import { columnsOf, microsecondsOf } from '../columns.ts'
import type { RunCorrection, RunLook } from '../reconcile/comparable.ts'
import { fieldsThatDiffer } from '../reconcile/fields.ts'
import { type Expected, originalOf, placeOfDocument } from './compare-event.ts'
import { statusOf } from './failures.ts'
import type { EventSource } from './find-events.ts'
import type { Journals } from './journals.ts'
import type { IndexNames } from './names.ts'
import { TELLING } from './operations.ts'
import {
  addChanges,
  emptyFold,
  placeOf,
  type RunChange,
  type RunFold,
  type RunSource,
  sourceOf
} from './run-fold.ts'
import { getDocuments, type Hit, openScanner } from './scan.ts'

export interface JournalsByNow extends Journals {
  ownCursor: number
}

export interface RunComparison {
  client: Client
  names: IndexNames
  expected: Expected
  journalId: string
  /** The journals that write here, and how far each has come by now. */
  journals(): Promise<JournalsByNow>
}

/** A run as its events tell it. */
export interface FoldedRun {
  fold: RunFold
  events: number
  /** An event of it came through our own journal. */
  isOwn: boolean
  /** The greatest record of each journal. */
  last: Map<string, number>
}

/**
 * A run's document is read before its events, and how far the servers have come before both: so what is in the
 * document is among the events, and what is before the cursors is in the document. Where it is not found so at once,
 * a refresh makes sure that the search sees all events; a run with events beyond the cursors is being written to.
 */
export async function lookAtRun(
  of: RunComparison,
  known: JournalsByNow,
  id: string,
  correction: RunCorrection
): Promise<RunLook> {
  for (let look = 1; ; look++) {
    // Most runs agree at the first look, which needs not know how far the servers have come.
    const journals = look === 1 ? known : await of.journals()
    const [found] = await getDocuments<RunSource>(of.client, [{ _index: of.names.runs, _id: id }])
    if (look > 1) await refreshIfAllowed(of)
    const folded = await foldRun(of, id, correction)
    const result = judge(folded, found?._source, journals)
    if (result.state === 'agrees' || result.state === 'other') return result
    const cursorOf = (log: string): number =>
      log === journals.own ? journals.ownCursor : (journals.others.get(log) ?? 0)
    const isMoving = [...folded.last].some(([log, record]) => record >= cursorOf(log))
    if (look > 1 && !isMoving) return result
    if (look >= limits.reconcileLooksMax) return { state: 'moving', fields: result.fields }
    if (isMoving) await sleep(limits.reconcileLookMs)
  }
}

function judge(
  { fold, events, isOwn }: FoldedRun,
  found: RunSource | undefined,
  journals: Journals
): RunLook {
  if (events === 0) {
    const isOfOther = found !== undefined && journals.others.has(found.playtrail?.heard_by)
    if (found === undefined) return { state: 'agrees', fields: [] }
    return { state: isOfOther ? 'other' : 'added', fields: [] }
  }
  if (!isOwn) return { state: 'other', fields: [] }
  if (found === undefined) return { state: 'missing', fields: [] }
  const isShared = journals.others.size > 0
  // Whether there were too many stretches on the way depends on the order in which the events came.
  const hasStretches = found.playtrail?.fold?.stretches && fold.stretches
  const comparable = (source: unknown): unknown =>
    isShared ? withoutPlaces(source) : hasStretches ? source : withoutStretches(source)
  const expected: unknown = JSON.parse(JSON.stringify(sourceOf(fold)))
  const fields = fieldsThatDiffer(comparable(expected), comparable(found))
  return { state: fields.length === 0 ? 'agrees' : 'changed', fields }
}

/**
 * An event that reached two servers was counted for one of them, and nobody knows for which: what a run's document
 * says of where and when the server heard of it cannot be told from its events then.
 */
function withoutPlaces(source: unknown): unknown {
  const { playtrail, ...run } = source as RunSource
  const {
    heard: _heard,
    heard_by: _by,
    last_heard: _last,
    last_ingested: _ingested,
    fold,
    ...rest
  } = { ...playtrail }
  return { ...run, playtrail: { ...rest, counted: fold?.counted, hosts: fold?.hosts } }
}

function withoutStretches(source: unknown): unknown {
  const { playtrail, ...run } = source as RunSource
  return { ...run, playtrail: { ...playtrail, fold: { ...playtrail?.fold, stretches: undefined } } }
}

/** The run as all its events in the index tell it, and as the journal does where those are wrong. */
export async function foldRun(of: RunComparison, id: string, correction: RunCorrection): Promise<FoldedRun> {
  const fold = emptyFold(id)
  const last = new Map<string, number>()
  let events = 0
  let isOwn = false
  const add = (change: RunChange | undefined): void => {
    if (change === undefined || !addChanges(fold, [change])) return
    events++
    isOwn ||= change.log === of.journalId
  }
  for await (const recorded of correction.recorded()) add(of.expected.operations(recorded).change)
  for await (const hit of eventsOfRun(of, id)) {
    if (correction.isWrong(placeOfDocument(hit)) || hit._source === undefined) continue
    const change = changeOf(hit._id ?? '', hit._source, id)
    if (change === undefined) continue
    const { log, index } = hit._source.playtrail
    last.set(log, Math.max(last.get(log) ?? -1, index))
    add(change)
  }
  return { fold, events, isOwn, last }
}

async function* eventsOfRun({ client, names }: RunComparison, id: string): AsyncGenerator<Hit<EventSource>> {
  const query = { term: { 'run.id': id } }
  // Most runs are one page, which needs no point in time.
  const { hits } = await client.search<EventSource>({
    index: names.events,
    ignore_unavailable: true,
    size: limits.reconcilePageItems,
    query,
    sort: ['_doc'],
    track_total_hits: false
  })
  if (hits.hits.length < limits.reconcilePageItems) {
    yield* hits.hits
    return
  }
  const scanner = openScanner(client)
  try {
    yield* scanner.hits<EventSource>({ index: names.events, query })
  } finally {
    await scanner.renew()
  }
}

/** What an event says of its run, made of its document. */
function changeOf(eventId: string, source: EventSource, runId: string): RunChange | undefined {
  const event = originalOf(source)
  const columns = columnsOf({ payload: Buffer.from(JSON.stringify(event)) })
  const received = microsecondsOf(source.event.ingested)
  if (typeof columns === 'string' || received === undefined) return undefined
  const { log, index } = source.playtrail
  const place = placeOf(received, log, index)
  return {
    runId,
    eventId,
    log,
    place,
    received,
    columns,
    event: TELLING.has(columns.action) ? event : undefined
  }
}

async function refreshIfAllowed({ client, names }: RunComparison): Promise<void> {
  try {
    await client.indices.refresh({ index: names.events, ignore_unavailable: true })
  } catch (error) {
    if (statusOf(error) !== 403) throw error
    // A key that only reads: what was written becomes searchable by itself, after a second.
    await sleep(limits.reconcileLookMs)
  }
}
