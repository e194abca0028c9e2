import { resultStatuses } from '../index/store.ts'
import { count, countsBy, eventField, objectOf, type Schema, timestamp } from './documents.ts'

// The schemas of the parts of a run, for /openapi.json: server/index/outline.ts.

const duration = { type: 'number', minimum: 0 } as const
export const sequence = { ...count, description: '`event.sequence`: the place in the run.' }
export const resultStatus: Schema = {
  type: 'string',
  enum: [...resultStatuses],
  description: 'How the task ended on the host.'
}
export const resultCounts: Schema = countsBy(
  resultStatuses,
  'Results by status; of a task on a host the last one.'
)
const ignored = { ...count, description: 'Results that failed or were unreachable, and were ignored.' }
const rescued = { ...count, description: 'Results that failed, and that a `rescue` took care of.' }

function lasted(what: string): Schema {
  const start = { ...timestamp, description: 'By the clock of the sender.' }
  const end = { ...timestamp, description: 'When its last result came.' }
  return objectOf({ start, end, duration: { ...duration, description: what } }, ['start', 'end', 'duration'])
}

const play = eventField('ansible.play')
const { hosts: _hosts, ...playFields } = play.properties ?? {}
// A sender need not say which play a result belongs to, and the event that names a task may be lost.
const ofPlay = { ...playFields, id: orEmpty(playFields.id, 'no event said which play it is') }
const task = eventField('ansible.task')
const ofTask = {
  ...task,
  properties: { ...task.properties, name: orEmpty(task.properties?.name, 'no event named it') }
}

function orEmpty(field: Schema = {}, when: string): Schema {
  const { minLength: _minLength, ...rest } = field
  return { ...rest, description: `${field.description ?? ''} Empty where ${when}.`.trim() }
}

export const outlinePlay: Schema = objectOf(
  {
    ansible: objectOf({ play: { ...play, properties: ofPlay } }),
    no_hosts: { type: 'boolean', description: 'True if no host matched its pattern.' },
    sequence,
    event: lasted('Nanoseconds from its start to its last result.'),
    tasks: { ...count, description: 'Tasks of it, as often as they were started.' },
    hosts: { ...count, description: 'Hosts with a result in it.' },
    results: resultCounts
  },
  ['no_hosts'],
  { title: 'PlayOfRun' }
)

export const outlineTask: Schema = objectOf(
  {
    ansible: objectOf({
      play: objectOf({ id: ofPlay.id, batch: playFields.batch ?? {}, name: playFields.name ?? {} }, [
        'batch',
        'name'
      ]),
      task: ofTask
    }),
    sequence,
    event: lasted('Nanoseconds from its start to its last result.'),
    results: resultCounts,
    ignored,
    rescued
  },
  [],
  { title: 'TaskOfRun' }
)

export const outlineHost: Schema = objectOf(
  {
    host: objectOf({ name: eventField('host.name') }),
    status: {
      ...resultStatus,
      description:
        'The worst of its results; failed and unreachable ones that were ignored or rescued do not count. Absent if the run never came to a result there, although a play was to.'
    },
    event: lasted('Nanoseconds that its tasks took there, added up.'),
    results: resultCounts,
    ignored,
    rescued,
    ansible: objectOf({ stats: eventField('ansible.stats') }, [], {
      description: "Ansible's own recap, once there is one."
    })
  },
  ['status', 'ansible'],
  { title: 'HostOfRun' }
)

export const matrixCell: Schema = objectOf(
  {
    task: { ...count, description: '`number` of the task in `tasks`.' },
    status: resultStatus,
    ignored: { type: 'boolean', description: 'True if the failure was ignored.' },
    rescued: { type: 'boolean', description: 'True if a `rescue` took care of the failure.' },
    sequence: { ...count, description: '`event.sequence` of the event that has all of the result.' },
    duration: { ...duration, description: 'Nanoseconds; absent if it was not measured.' }
  },
  ['ignored', 'rescued', 'duration']
)

export const matrixTask: Schema = objectOf({
  number: {
    ...count,
    description: 'Place of the task in the run, counted from 0, as far as its events are here.'
  },
  sequence,
  ansible: objectOf({ task: ofTask })
})

export const matrixRow: Schema = objectOf(
  {
    host: objectOf({ name: eventField('host.name') }),
    status: { ...resultStatus, description: 'As in `/v1/runs/{id}/hosts`, of all tasks.' },
    results: {
      type: 'array',
      description: 'Those of `tasks` that have a result on the host, in their order.',
      items: matrixCell
    }
  },
  ['status'],
  { title: 'RowOfMatrix' }
)
