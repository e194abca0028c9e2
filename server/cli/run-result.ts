import type { IndexedEvent } from '../../client/types.ts'
import type { Event } from '../event-types.ts'
import { printable, printableBody, printableDiff } from './printable.ts'
import { type Format, type Paint, statusFormat } from './style.ts'
import { durationText } from './time.ts'
import { counted, itemText } from './words.ts'

type Ansible = NonNullable<Event['ansible']>
type Result = NonNullable<Ansible['result']>
type Diff = NonNullable<Ansible['diff']>[number]

const SLOW_NANOSECONDS_MIN = 1_000_000_000
/** Ansible's message of every loop that went well: the counts say more. */
const LOOP_MESSAGE = 'All items completed'
const INDENT = '    '

export interface ResultOptions {
  paint: Paint
  /** Show what the command printed also where it did not fail. */
  isOutputShown: boolean
  isDiffShown: boolean
}

/** How a task, or an item of its loop, ended on a host: a line as Ansible prints it, and below it what there is to read. */
export function resultText(
  event: IndexedEvent,
  { paint, isOutputShown, isDiffShown }: ResultOptions
): string {
  const result = event.ansible?.result
  if (result === undefined) return ''
  const isFailure = result.status === 'failed' || result.status === 'unreachable'
  const lines = [resultLine(event, result, paint)]
  if (isFailure || isOutputShown) {
    lines.push(...bodyLines('stderr', result.stderr), ...bodyLines('stdout', result.stdout))
  }
  for (const warning of result.warnings ?? [])
    lines.push(paint('magenta', `${INDENT}[WARNING]: ${printable(warning)}`))
  for (const diff of isDiffShown ? (event.ansible?.diff ?? []) : []) lines.push(...diffLines(diff, paint))
  for (const { field, size } of event.ansible?.truncated ?? [])
    lines.push(paint('dim', `${INDENT}(${printable(field)} was cut, there was ${size} of it)`))
  if (result.ignored) lines.push(paint('cyan', '...ignoring'))
  if (result.rescued) lines.push(paint('cyan', '...rescued'))
  return `${lines.join('\n')}\n`
}

/** For example `changed: [web-07 -> db-01] (3 items: 1 ok, 2 changed) after 2 attempts => done`. */
function resultLine(event: IndexedEvent, result: Result, paint: Paint): string {
  const delegated = result.delegated_host === undefined ? '' : ` -> ${result.delegated_host}`
  const item =
    event.ansible?.item === undefined ? '' : `${result.status === 'failed' ? '' : ' =>'} ${itemText(event)}`
  const head = printable(`${result.status}: [${event.host?.name ?? ''}${delegated}]${item}`)
  const notes = notesOf(event, result).map((note) => ` ${printable(note)}`)
  const { duration = 0 } = event.event
  const slow = duration >= SLOW_NANOSECONDS_MIN ? paint('dim', ` ${durationText(duration)}`) : ''
  const [message = '', ...more] = bodyOf(result.msg === LOOP_MESSAGE ? '' : result.msg)
  const text = message === '' ? '' : ` => ${message}`
  const line = paint(statusFormat(result.status), `${head}${notes.join('')}${text}`)
  return [line + slow, ...more.map((row) => `${INDENT}${row}`)].join('\n')
}

function notesOf({ ansible }: IndexedEvent, result: Result): string[] {
  const notes: string[] = []
  if (result.items !== undefined) notes.push(`(${itemsOf(result.items)})`)
  if (result.status === 'skipped' && result.skip_reason) notes.push(`(${result.skip_reason})`)
  if ((result.attempts ?? 1) > 1) notes.push(`after ${result.attempts} attempts`)
  if (result.rc !== undefined && result.rc !== 0) notes.push(`rc=${result.rc}`)
  if ((ansible?.redacted ?? 0) > 0) notes.push(`(${counted(ansible?.redacted ?? 0, 'secret')} redacted)`)
  if (ansible?.task?.no_log) notes.push('(no_log: nothing else is recorded)')
  return notes
}

/** For example `3 items: 1 ok, 2 changed`. */
function itemsOf(items: NonNullable<Result['items']>): string {
  const ends = (['ok', 'changed', 'failed', 'skipped'] as const).filter((end) => (items[end] ?? 0) > 0)
  const total = ends.reduce((sum, end) => sum + (items[end] ?? 0), 0)
  const parts = ends.map((end) => `${items[end]} ${end}`)
  return `${counted(total, 'item')}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`
}

function bodyLines(name: string, text: string | undefined): string[] {
  const lines = bodyOf(text)
  return lines.length === 0 ? [] : [`${INDENT}${name}:`, ...lines.map((row) => `${INDENT}${INDENT}${row}`)]
}

function diffLines({ path, unified }: Diff, paint: Paint): string[] {
  const rows = printableDiff(unified ?? '')
    .replace(/\n+$/, '')
    .split('\n')
  const lines = rows.map((row) => INDENT + paint(diffFormat(row), row))
  return path === undefined ? lines : [paint('bold', `${INDENT}${printable(path)}`), ...lines]
}

function diffFormat(row: string): Format | undefined {
  if (row.startsWith('+++') || row.startsWith('---')) return 'bold'
  if (row.startsWith('+')) return 'green'
  if (row.startsWith('-')) return 'red'
  return row.startsWith('@@') ? 'cyan' : undefined
}

/** The lines of a text, without the empty ones at its end. */
function bodyOf(text: string | undefined): string[] {
  const body = printableBody(text ?? '').trimEnd()
  return body === '' ? [] : body.split('\n')
}
