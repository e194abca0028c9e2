import type { LiveMessage } from '../../client/live.ts'
import type { Run } from '../../client/types.ts'
import { actorCell, momentCell, resultsCell, statusSpan } from './cells.ts'
import { eventColumns, eventRow } from './events.ts'
import { shortId } from './run-id.ts'
import type { Paint } from './style.ts'
import { type Cell, type Column, createTable, type Span } from './table.ts'
import { durationText } from './time.ts'
import { abortText } from './words.ts'

/** Widths that what comes later fits into: the first line does not know of it. */
const charactersMin: Readonly<Record<string, number>> = {
  ACTION: 12,
  PLAYBOOK: 14,
  HOST: 10,
  STATUS: 8,
  USER: 14
}
const columns: readonly Column[] = eventColumns.map((column) => ({
  ...column,
  charactersMin: charactersMin[column.title] ?? 0
}))

type Shown = Exclude<LiveMessage, { event: 'reset' }>

/** A line for each message, below the titles: runs and events in the columns of `playtrail events`. */
export function createLiveTable(look: {
  width: number | undefined
  paint: Paint
}): (message: Shown) => string {
  const table = createTable({ columns, ...look })
  return (message) =>
    table([message.event === 'event' ? eventRow(message.data) : runRow(message.event, message.data)])
}

function runRow(action: string, run: Run): Cell[] {
  const time = action === 'run.ended' ? (run.event.end ?? run.playtrail.last_ingested) : run.event.start
  return [
    momentCell(action === 'run.progress' ? run.playtrail.last_ingested : time),
    action,
    run.run.name ?? '',
    '',
    [statusSpan(run.run.status)],
    actorCell(run),
    whatOf(action, run)
  ]
}

/** For example `ok 5 · changed 2, in 4.7 s, run 01a20b08-77f8`. */
function whatOf(action: string, run: Run): Cell {
  const results = resultsCell(run.playtrail.results)
  const spans: Span[] = typeof results === 'string' ? [{ text: results }] : [...results]
  const { duration } = run.event
  const more = [
    ...(run.run.status === 'aborted'
      ? [abortText({ run: run.run, ...(run.error && { error: run.error }) })]
      : []),
    ...(action === 'run.ended' && duration !== undefined ? [`in ${durationText(duration)}`] : []),
    `run ${shortId(run.run.id)}`
  ]
  return [...spans, { text: `${spans.length > 0 ? ', ' : ''}${more.join(', ')}`, format: 'dim' }]
}
