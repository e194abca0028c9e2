import type { Event } from '../event-types.ts'
import type { IndexedEvent } from '../index/store.ts'

type Ansible = NonNullable<Event['ansible']>
type Play = NonNullable<Ansible['play']>
type Task = NonNullable<Ansible['task']>

/** A task as it ran once, with the results of its hosts in the order they came. */
export interface TaskStory {
  task: Task
  results: IndexedEvent[]
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
  /** Events that the callback counted and that are not among those told: a gap in the trail. */
  eventsMissing: number
  /** The sender's disk was full, or its limit was reached: events were dropped on the controller. */
  isDropped: boolean
}

/**
 * Puts the events of one run, oldest first, under their plays and tasks. Results find their task by its id
 * and occurrence, also where hosts run ahead of each other (strategy free), and where the event that starts
 * the task is missing.
 */
export function tellRun(events: Iterable<IndexedEvent>): RunStory {
  const plays = new Map<string, PlayStory>()
  const tasks = new Map<string, TaskStory>()
  const sequences = new Set<number>()
  const story: RunStory = { plays: [], recap: [], eventsMissing: 0, isDropped: false }

  for (const event of events) {
    const { action, provider, sequence } = event.event
    if (provider !== 'shipper' && sequence !== undefined) sequences.add(sequence)
    if (action === 'host.finished') story.recap.push(event)
    if (action === 'spool.dropped') story.isDropped = true
    if (!toldOfPlays.has(action)) continue

    const play = playOf(event, plays)
    if (action === 'play.no_hosts') play.isEmpty = true
    const { task } = event.ansible ?? {}
    if (task === undefined) continue
    const taskStory = taskOf(task, play, tasks)
    if (action === 'host.result') taskStory.results.push(event)
  }
  story.plays.push(...plays.values())
  story.eventsMissing = missingOf(sequences)
  return story
}

const toldOfPlays: ReadonlySet<string> = new Set([
  'play.started',
  'play.no_hosts',
  'task.started',
  'host.result'
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
    const made = { task, results: [] }
    tasks.set(key, made)
    play.tasks.push(made)
    return made
  }
  known.task = { ...known.task, ...task }
  return known
}

function missingOf(sequences: ReadonlySet<number>): number {
  let highest = -1
  for (const sequence of sequences) highest = Math.max(highest, sequence)
  return highest + 1 - sequences.size
}
