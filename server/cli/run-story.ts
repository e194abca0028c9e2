import type { IndexedEvent } from '../../client/types.ts'
import { gapsIn, parseRange, type Range } from '../completeness/ranges.ts'
import type { Event } from '../event-types.ts'

type Ansible = NonNullable<Event['ansible']>
type Play = NonNullable<Ansible['play']>
type Task = NonNullable<Ansible['task']>

/** A task as it ran once, with what happened to it in the order it came: results, items, retries, includes … */
export interface TaskStory {
  task: Task
  events: IndexedEvent[]
}

export interface PlayStory {
  play: Play
  /** No host matched the play's pattern. */
  isEmpty: boolean
  tasks: TaskStory[]
}

/** A run told in the order of the playbook, and not of the clock. */
export interface RunStory {
  plays: PlayStory[]
  /** host.finished of each host. */
  recap: IndexedEvent[]
  /** Numbers of events that the callback counted, that are not among those told, and that were not dropped. */
  gaps: Range[]
  /** Events that the callback could not write down. */
  lost: number
  /** What the sender gave up to keep its spool within its limits. */
  dropped: { events: number; ranges: Range[] }
  /** Secrets that were taken out of the events' texts. */
  redacted: number
}

/**
 * Puts the events of one run, oldest first, under their plays and tasks. Results find their task by its id
 * and occurrence, also where hosts run ahead of each other (strategy free), and where the event that starts
 * the task is missing.
 */
export function tellRun(events: Iterable<IndexedEvent>): RunStory {
  const plays = new Map<string, PlayStory>()
  const tasks = new Map<string, TaskStory>()
  const count = countEvents()
  const recap: IndexedEvent[] = []

  for (const event of events) {
    count.add(event)
    const { action } = event.event
    if (action === 'host.finished') recap.push(event)
    if (!toldOfPlays.has(action)) continue

    const play = playOf(event, plays)
    if (action === 'play.no_hosts') play.isEmpty = true
    const { task } = event.ansible ?? {}
    // Not every include and notification says which task it came from: then it was the last one.
    const taskStory = task === undefined ? play.tasks.at(-1) : taskOf(task, play, tasks)
    if (happensToTasks.has(action)) taskStory?.events.push(event)
  }
  return { plays: [...plays.values()], recap, ...count.total() }
}

const happensToTasks: ReadonlySet<string> = new Set([
  'host.result',
  'item.result',
  'host.retry',
  'tasks.included',
  'handler.notified'
])

const toldOfPlays: ReadonlySet<string> = new Set([
  'play.started',
  'play.no_hosts',
  'task.started',
  ...happensToTasks
])

function playOf(event: IndexedEvent, plays: Map<string, PlayStory>): PlayStory {
  const play = event.ansible?.play ?? { id: '' }
  const key = JSON.stringify([play.id, play.batch])
  const known = plays.get(key)
  if (known === undefined) {
    const made = { play, isEmpty: false, tasks: [] }
    plays.set(key, made)
    return made
  }
  // Results name their play by its id alone; play.started has the rest.
  known.play = { ...known.play, ...play }
  return known
}

function taskOf(task: Task, play: PlayStory, tasks: Map<string, TaskStory>): TaskStory {
  const key = JSON.stringify([play.play.id, play.play.batch, task.id, task.occurrence])
  const known = tasks.get(key)
  if (known === undefined) {
    const made = { task, events: [] }
    tasks.set(key, made)
    play.tasks.push(made)
    return made
  }
  known.task = { ...known.task, ...task }
  return known
}

/** Counts what there is of the trail, and what it says about itself. */
function countEvents(): {
  add(event: IndexedEvent): void
  total(): Pick<RunStory, 'gaps' | 'lost' | 'dropped' | 'redacted'>
} {
  const here: Range[] = []
  const dropped: RunStory['dropped'] = { events: 0, ranges: [] }
  let expected = 0
  let lost = 0
  let redacted = 0
  return {
    add({ event: { provider, sequence }, run, spool, ansible }) {
      lost = Math.max(lost, run?.lost ?? 0)
      redacted += ansible?.redacted ?? 0
      dropped.events += spool?.events ?? 0
      dropped.ranges.push(...(spool?.sequences ?? []).flatMap((text) => parseRange(text) ?? []))
      // The shipper and the server have counts of their own; of its own life the server has the only one.
      const isOther = provider === 'shipper' || (provider === 'server' && run?.kind !== 'service')
      if (isOther || sequence === undefined) return
      here.push({ first: sequence, last: sequence })
      expected = Math.max(expected, sequence + 1, run?.events ?? 0)
    },
    total: () => ({ gaps: gapsIn([...here, ...dropped.ranges], expected), lost, dropped, redacted })
  }
}
