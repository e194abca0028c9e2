import { taskName } from './compare-documents.ts'
import { count, eventField, objectOf, type Schema, timestamp } from './documents.ts'
import { sequence } from './outline-documents.ts'

// The schemas of drift, for /openapi.json: server/ask/drift.ts.

const userName = objectOf({ name: eventField('user.name') })
const runId = eventField('run.id')
const seenSchema = (description: string): Schema =>
  objectOf(
    {
      '@timestamp': timestamp,
      run: objectOf({ id: runId }),
      event: objectOf({ sequence }),
      user: userName
    },
    ['user'],
    { description }
  )
const runSeenSchema = (description: string): Schema =>
  objectOf(
    {
      '@timestamp': timestamp,
      run: objectOf({ id: runId, name: eventField('run.name'), status: eventField('run.status') }, ['name']),
      user: userName
    },
    ['user'],
    { description }
  )

export const driftItem = objectOf(
  {
    host: objectOf({ name: eventField('host.name') }),
    run: objectOf({ name: eventField('run.name') }, [], { description: 'The playbook.' }),
    ansible: objectOf({ task: taskName }),
    paths: {
      type: 'array',
      items: { type: 'string' },
      description: 'What would be changed, as the last diff has it; the first of many.'
    },
    since: {
      ...timestamp,
      description: 'When it was said first, with nothing since then that says otherwise.'
    },
    runs: { ...count, description: 'Runs that said so, from the first to the last.' },
    first: seenSchema('The result that said so first.'),
    last: seenSchema('The result that said so last.')
  },
  ['run'],
  { title: 'Drift' }
)

/** What was looked at. */
export const checkedRuns: Schema = objectOf(
  {
    from: timestamp,
    to: timestamp,
    runs: { ...count, description: 'Runs with `--check` that started in this time, whatever `q` says.' },
    first: runSeenSchema('The oldest of them.'),
    last: runSeenSchema('The newest of them.')
  },
  ['first', 'last'],
  { description: 'What was looked at.' }
)
