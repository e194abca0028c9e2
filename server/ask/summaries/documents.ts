import ansible from '../../../schemas/ansible.schema.json' with { type: 'json' }
import { resultStatuses, runStatuses } from '../../index/store.ts'
import { facetFields, histogramIntervals } from '../../index/summaries.ts'
import { count, countsBy, objectOf, runDocument, type Schema, timestamp } from '../documents.ts'
import { statuses } from '../query/closed-sets.ts'

// The schemas of what is summed up, for /openapi.json: server/index/summaries.ts.

const name = { type: 'string' } as const

const rate = (description: string): Schema => ({ type: 'number', minimum: 0, maximum: 1, description })
const named = objectOf({ name })
const results = countsBy(resultStatuses, 'Results by status.')
const runs = countsBy(runStatuses, 'Runs by status.')
const weekStart = { ...timestamp, description: 'When the week began: Monday, UTC.' }

const duration = objectOf({ p50: count, p95: count }, [], {
  description: 'Durations in nanoseconds that half, and 95 %, of them do not exceed; true to 3 %.'
})

const seen = {
  '@timestamp': timestamp,
  run: objectOf({ id: name, name }, ['name']),
  user: named
}

function lastSeen(description: string): Schema {
  return objectOf(seen, ['run', 'user'], { description })
}

function lastRun(description: string): Schema {
  const run = objectOf({ id: name, name, status: { type: 'string', enum: [...runStatuses] } }, ['name'])
  const started = { ...timestamp, description: 'When it started, as its id says.' }
  return objectOf({ '@timestamp': started, run, user: named }, ['user'], { description })
}

const host = {
  host: named,
  results,
  runs: { ...count, description: 'Runs with a result on the host.' },
  last_run: lastSeen('Its latest result of any kind.'),
  last_change: lastSeen('Its latest result that changed something, and was not only checked.'),
  last_failure: lastSeen('Its latest result that failed, or was unreachable.')
}

export const hostSummary: Schema = {
  title: 'HostSummary',
  ...objectOf(host, ['last_change', 'last_failure'], {
    description: 'A managed host, told by the results of tasks on it.'
  })
}

const withDocument = ({ description = '', properties }: Schema): Schema =>
  objectOf({ ...properties, document: runDocument }, ['run', 'user', 'document'], { description })

export const hostDocument: Schema = {
  title: 'Host',
  ...objectOf(
    {
      ...host,
      last_run: withDocument(host.last_run),
      last_change: withDocument(host.last_change),
      last_failure: withDocument(host.last_failure)
    },
    ['last_change', 'last_failure'],
    { description: 'A managed host; `document` is the run in which something happened last, whole.' }
  )
}

export const hostRun: Schema = {
  ...runDocument,
  title: 'HostRun',
  description: 'A run, and how its tasks ended on one host.',
  properties: {
    ...(runDocument.properties as Record<string, Schema>),
    host: named,
    results: { ...results, description: 'Results of the run on this host, of each task the last one.' }
  },
  required: [...(runDocument.required ?? []), 'host', 'results']
}

const runRates = {
  failure_rate: rate('Failed, unreachable and aborted runs among those that ended.'),
  last_run: lastRun('The run that started last.')
}

export const playbookSummary: Schema = {
  title: 'PlaybookSummary',
  ...objectOf(
    {
      run: named,
      runs,
      ...runRates,
      last_success: lastRun('The run with status `success` or `changed` that started last.'),
      duration,
      weeks: {
        description: 'By the week in which they started, oldest first; weeks without a run are absent.',
        type: 'array',
        items: objectOf({ '@timestamp': weekStart, runs: count, failed: count, duration }, ['duration'])
      }
    },
    ['failure_rate', 'last_success', 'duration'],
    { description: 'The runs of one `run.name`.' }
  )
}

export const userSummary: Schema = {
  title: 'UserSummary',
  ...objectOf(
    {
      user: named,
      runs,
      ...runRates,
      playbooks: { ...count, description: 'How many different `run.name` there are among them.' }
    },
    ['failure_rate'],
    { description: 'The runs of one `user.name`.' }
  )
}

const { action, path, role, name: taskName } = ansible.$defs.task.properties
const described = Object.fromEntries(
  Object.entries({ name: taskName, action, role, path }).map(([member, { description }]) => [
    member,
    { type: 'string', description }
  ])
)

export const taskSummary: Schema = {
  title: 'TaskSummary',
  ...objectOf(
    {
      ansible: objectOf({
        task: objectOf(
          { key: { type: 'string', description: 'The same for the same task in every run.' }, ...described },
          ['name', 'action', 'role', 'path'],
          { description: 'The task as its latest result has it.' }
        )
      }),
      results,
      flaky: { ...count, description: 'Results that succeeded, and only after more than one attempt.' },
      failure_rate: rate('Failed and unreachable ones among all results but the skipped ones.'),
      change_rate: rate('Changed ones among them.'),
      flake_rate: rate('Flaky ones among them.'),
      duration,
      last_result: lastSeen('Its latest result.'),
      weeks: {
        description: 'By week, oldest first; weeks without a result are absent.',
        type: 'array',
        items: objectOf(
          { '@timestamp': weekStart, results: count, changed: count, failed: count, duration },
          ['duration']
        )
      }
    },
    ['failure_rate', 'change_rate', 'flake_rate', 'duration'],
    { description: 'The results of one task, in all runs and on all hosts.' }
  )
}

const onlyPage = { description: 'There is one page only.', type: 'null' } as const

const facet: Schema = {
  title: 'Facet',
  ...objectOf(
    {
      field: { type: 'string', enum: [...facetFields] },
      values: { type: 'array', items: objectOf({ value: name, events: count }) },
      others: { ...count, description: 'Events whose value is not named; those without one are not counted.' }
    },
    [],
    { description: 'How many events have which value of a field, the most frequent first.' }
  )
}

export const facets: Schema = {
  title: 'Facets',
  ...objectOf({ items: { type: 'array', items: facet }, next: onlyPage }, [], {
    description: 'Fields with their values.'
  })
}

export const histogram: Schema = {
  title: 'Histogram',
  ...objectOf(
    {
      interval: { type: 'string', enum: [...histogramIntervals] },
      items: {
        description: 'Oldest first; intervals without an event are absent.',
        type: 'array',
        items: objectOf({
          '@timestamp': { ...timestamp, description: 'When the interval began, in UTC.' },
          events: count,
          statuses: {
            description: 'Events by status, of those that have one.',
            type: 'object',
            properties: Object.fromEntries(statuses.map((status) => [status, count])),
            additionalProperties: false
          }
        })
      },
      next: onlyPage
    },
    [],
    { description: 'Events by intervals of time.' }
  )
}
