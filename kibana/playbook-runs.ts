import { count, type Dashboard, over, percentile, share, time, top } from './source.ts'

const of = 'playtrail-runs'
/** The service's own life is a run as well, but nobody ran it. */
const where = 'not run.kind : service'
const ended = 'not run.status : running'
const failed = 'run.status : (failed or unreachable or aborted)'
const failureRate = share('Failure rate', { of: failed, among: ended })

export const playbookRuns: Dashboard = {
  id: 'playbook-runs',
  title: 'Playbook runs',
  description: 'Which playbooks ran, who ran them, how they ended and how long they took.',
  choices: [
    { field: 'run.name', title: 'Playbook' },
    { field: 'user.name', title: 'User' },
    { field: 'observer.hostname', title: 'Controller' }
  ],
  panels: [
    {
      chart: 'text',
      id: 'how-to-read',
      title: 'How to read',
      place: [0, 0, 48, 4],
      text:
        'Each run counts once, at the time it **started**. A failed run is one that ended `failed` (a host failed), `unreachable` ' +
        '(a host could not be reached) or `aborted` (it never came to its end); runs that still go on are left out of the failure rate. ' +
        'A run’s id leads to its record in Playtrail.'
    },
    {
      chart: 'number',
      id: 'runs',
      title: 'Runs',
      place: [0, 4, 12, 6],
      of,
      where,
      by: [],
      metrics: [count('Runs')]
    },
    {
      chart: 'number',
      id: 'failure-rate',
      title: 'Failure rate',
      place: [12, 4, 12, 6],
      of,
      where,
      by: [],
      metrics: [failureRate]
    },
    {
      chart: 'number',
      id: 'aborted',
      title: 'Aborted runs',
      place: [24, 4, 12, 6],
      of,
      where,
      by: [],
      metrics: [count('Aborted', 'run.status : aborted')]
    },
    {
      chart: 'number',
      id: 'running',
      title: 'Still running',
      place: [36, 4, 12, 6],
      of,
      where,
      by: [],
      metrics: [count('Running', 'run.status : running')]
    },
    {
      chart: 'bar_stacked',
      id: 'runs-by-status',
      title: 'Runs over time, by how they ended',
      place: [0, 10, 24, 12],
      of,
      where,
      by: [time, top('run.status', 'Status', 6)],
      metrics: [count('Runs')]
    },
    {
      chart: 'line',
      id: 'failure-rate-over-time',
      title: 'Failure rate over time',
      place: [24, 10, 24, 12],
      of,
      where,
      by: [time],
      metrics: [failureRate]
    },
    {
      chart: 'line',
      id: 'durations',
      title: 'How long runs take',
      place: [0, 22, 24, 12],
      of,
      where: `${where} and ${ended}`,
      by: [time],
      metrics: [
        percentile(50, 'event.duration', 'Half take at most'),
        percentile(95, 'event.duration', '95 of 100 take at most'),
        over('max', 'event.duration', 'Longest')
      ]
    },
    {
      chart: 'table',
      id: 'who-runs-what',
      title: 'Who runs what',
      place: [24, 22, 24, 12],
      of,
      where,
      by: [
        top('user.name', 'User', 20, { withMissing: true }),
        top('run.name', 'Playbook', 10, { withMissing: true })
      ],
      metrics: [count('Runs'), count('Failed', failed), over('max', '@timestamp', 'Last run')]
    },
    {
      chart: 'table',
      id: 'playbooks',
      title: 'Playbooks that fail most, and how long they take',
      place: [0, 34, 48, 12],
      of,
      where,
      by: [top('run.name', 'Playbook', 50)],
      metrics: [
        count('Failed', failed),
        count('Runs'),
        failureRate,
        over('median', 'event.duration', 'Median duration'),
        percentile(95, 'event.duration', '95th percentile'),
        over('max', '@timestamp', 'Last run')
      ]
    },
    {
      chart: 'documents',
      id: 'latest-runs',
      title: 'Latest runs',
      place: [0, 46, 48, 18],
      of,
      where,
      columns: [
        'run.status',
        'run.name',
        'user.name',
        'observer.hostname',
        'ansible.cli.limit',
        'ansible.cli.check',
        'event.duration',
        'run.id'
      ]
    }
  ]
}
