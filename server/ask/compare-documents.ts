import { comparedFields } from './compare-runs.ts'
import { count, eventField, objectOf, runDocument, type Schema } from './documents.ts'
import { resultStatus } from './outline-documents.ts'

// The schema of two runs compared, for /openapi.json: server/ask/compare-runs.ts.

const task = eventField('ansible.task').properties ?? {}
const nanoseconds = { type: 'number', minimum: 0, description: 'Nanoseconds.' }

/** A task as it is known by in any run. */
export const taskName: Schema = objectOf(
  Object.fromEntries(
    ['key', 'name', 'action', 'role', 'path', 'line'].map((name) => [name, task[name] ?? {}])
  ),
  ['key', 'action', 'role', 'path', 'line']
)
const ofTask = { ansible: objectOf({ task: taskName }) }
const ofHost = { host: objectOf({ name: eventField('host.name') }) }

function listed(description: string, item: Schema): Schema {
  const more = { ...count, description: 'How many more there would be.' }
  return objectOf({ items: { type: 'array', items: item }, more }, [], { description })
}

const run = runDocument.properties ?? {}
const comparedRun = objectOf(
  {
    '@timestamp': run['@timestamp'] ?? {},
    run: run.run ?? {},
    event: run.event ?? {},
    user: run.user ?? {}
  },
  ['user']
)

const outcome = objectOf(
  {
    status: resultStatus,
    ignored: { type: 'boolean', description: 'True if the failure was ignored.' },
    rescued: { type: 'boolean', description: 'True if a `rescue` took care of the failure.' },
    sequence: { ...count, description: '`event.sequence` of the event that has all of the result.' }
  },
  ['ignored', 'rescued'],
  { description: 'The worst result of the task on the host; absent if the run has none.' }
)

export const comparison: Schema = objectOf(
  {
    a: comparedRun,
    b: comparedRun,
    playbook: {
      type: 'string',
      enum: ['same', 'same_name', 'different'],
      description:
        '`same`: by its path. `same_name`: by its name, in different places or in a place that nobody told.'
    },
    differences: {
      type: 'array',
      description: 'Fields of the runs that differ. A side that does not have the field is absent.',
      items: objectOf(
        {
          field: { type: 'string', enum: [...comparedFields, 'event.duration'] },
          a: { description: 'Its value in the one run.' },
          b: { description: 'Its value in the other run.' }
        },
        ['a', 'b']
      )
    },
    hosts: objectOf({
      only_a: listed('Hosts of the one run alone.', objectOf(ofHost)),
      only_b: listed('Hosts of the other run alone.', objectOf(ofHost))
    }),
    tasks: objectOf({
      only_a: listed('Tasks of the one run alone.', objectOf(ofTask)),
      only_b: listed('Tasks of the other run alone.', objectOf(ofTask)),
      durations: listed(
        'Tasks that took notably longer in one of the runs, the greatest difference first.',
        objectOf({
          ...ofTask,
          a: nanoseconds,
          b: nanoseconds,
          ratio: { type: 'number', minimum: 0, description: 'b ÷ a.' }
        })
      )
    }),
    results: listed(
      'Results that differ, of hosts and tasks that both runs have: first those that both came to.',
      objectOf({ ...ofHost, ...ofTask, a: outcome, b: outcome }, ['a', 'b'])
    )
  },
  [],
  { title: 'Comparison', description: 'What differs between two runs.' }
)
