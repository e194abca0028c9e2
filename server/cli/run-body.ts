import type { IndexedEvent } from '../../client/types.ts'
import { rangesText, sizeOf } from '../completeness/ranges.ts'
import { printable } from './printable.ts'
import { eventText, notifiedText } from './run-event.ts'
import type { PlayStory, RunStory, TaskStory } from './run-story.ts'
import type { Paint } from './style.ts'
import { counted, taskTitle } from './words.ts'

const LINE_CHARACTERS = 79
const RECAP_HOST_CHARACTERS_MAX = 40

export interface BodyOptions {
  paint: Paint
  width: number | undefined
  /** An ad-hoc command's output is what it was run for, so that it is shown also where nothing failed. */
  isOutputShown: boolean
  isDiffShown: boolean
}

/** Plays, tasks and results as Ansible prints them, block by block: a run may be larger than one string should be. */
export function* runBody(story: RunStory, options: BodyOptions): Generator<string, void, undefined> {
  for (const play of story.plays) {
    yield `\n${heading(playTitle(play), options)}`
    if (play.isEmpty) yield `${options.paint('cyan', 'skipped: no hosts matched')}\n`
    for (const task of play.tasks) yield taskText(task, options)
  }
}

/** Ansible's recap: a line for each host, or nothing while the run goes on. */
export function runRecap({ recap }: RunStory, options: BodyOptions): string {
  if (recap.length === 0) return ''
  const hosts = recap.map(({ host }) => printable(host?.name ?? ''))
  const width = Math.min(Math.max(...hosts.map((host) => host.length)), RECAP_HOST_CHARACTERS_MAX)
  const lines = recap.map((event, index) =>
    recapLine(event, (hosts[index] ?? '').padEnd(width), options.paint)
  )
  return `\n${heading('PLAY RECAP', options)}${lines.join('')}`
}

/** What the reader must know about the trail itself, or nothing. */
export function runWarnings({ gaps, lost, dropped, redacted }: RunStory, paint: Paint): string {
  const lines: string[] = []
  const missing = sizeOf(gaps)
  if (missing > 0)
    lines.push(
      `The trail has gaps: ${counted(missing, 'event')} of this run ${missing === 1 ? 'is' : 'are'} not here (yet): ${rangesText(gaps)}.`
    )
  if (lost > 0) lines.push(`The callback could not write down ${counted(lost, 'event')} of this run.`)
  const numbers = dropped.ranges.length === 0 ? '' : `: ${rangesText(dropped.ranges)}`
  if (dropped.events > 0)
    lines.push(
      `The controller dropped ${counted(dropped.events, 'event')} of this run to keep its spool within its limits${numbers}.`
    )
  if (redacted > 0)
    lines.push(
      `${counted(redacted, 'secret')} ${redacted === 1 ? 'was' : 'were'} redacted before this run was recorded.`
    )
  return lines.length === 0 ? '' : `\n${lines.map((line) => `${paint('magenta', line)}\n`).join('')}`
}

function playTitle({ play }: PlayStory): string {
  const batch = (play.batch ?? 1) > 1 ? ` (batch ${play.batch})` : ''
  return `PLAY [${printable(play.name ?? play.hosts_pattern ?? '')}]${batch}`
}

function taskText({ task, events }: TaskStory, options: BodyOptions): string {
  const kind = task.handler ? 'RUNNING HANDLER' : 'TASK'
  const lines = [`\n${heading(`${kind} [${printable(taskTitle(task))}]`, options)}`]
  // A try that failed and was followed by another broke nothing.
  const isBroken = events.some(({ event }) => event.outcome === 'failure' && event.action !== 'host.retry')
  if (isBroken && task.path !== undefined)
    lines.push(`${options.paint('dim', printable(`${task.path}:${task.line ?? 1}`))}\n`)
  for (const event of events) lines.push(eventText(event, options))
  lines.push(notifiedText(events, options))
  return lines.join('')
}

/** A title, filled up with stars to the width of the line, as Ansible does. */
function heading(title: string, { paint, width }: BodyOptions): string {
  const stars = '*'.repeat(
    Math.max(3, Math.min(width ?? LINE_CHARACTERS, LINE_CHARACTERS) - title.length - 1)
  )
  return `${paint('bold', title)} ${paint('dim', stars)}\n`
}

function recapLine({ ansible }: IndexedEvent, host: string, paint: Paint): string {
  const stats = ansible?.stats ?? {}
  const counts = [
    ['ok', stats.ok, 'green'],
    ['changed', stats.changed, 'yellow'],
    ['unreachable', stats.unreachable, 'redBright'],
    ['failed', stats.failures, 'red'],
    ['skipped', stats.skipped, 'cyan'],
    ['rescued', stats.rescued, 'yellow'],
    ['ignored', stats.ignored, 'yellow']
  ] as const
  const isBroken = (stats.failures ?? 0) + (stats.unreachable ?? 0) > 0
  const hostFormat = isBroken ? 'red' : (stats.changed ?? 0) > 0 ? 'yellow' : 'green'
  const cells = counts.map(([name, count = 0, format]) =>
    paint(count > 0 ? format : undefined, `${name}=${count}`.padEnd(name.length + 6))
  )
  return `${`${paint(hostFormat, host)} : ${cells.join('')}`.trimEnd()}\n`
}
