import { count, type Dashboard, over, time, top } from './source.ts'

const of = 'playtrail-events'
/** The service's own life is a run as well, but nobody ran it. */
const started = 'event.action : run.started and not run.kind : service'
const dry = 'ansible.cli.check : true'

export const audit: Dashboard = {
  id: 'audit',
  title: 'Audit',
  description:
    'Who ran something, from where, with what; what never came to its end; what is missing from the record.',
  choices: [
    { field: 'user.name', title: 'User' },
    { field: 'observer.hostname', title: 'Controller' },
    { field: 'run.name', title: 'Playbook' }
  ],
  panels: [
    {
      chart: 'text',
      id: 'how-to-read',
      title: 'How to read',
      place: [0, 0, 48, 5],
      text:
        '*How the name is known* says what a user name is worth: `loginuid` is the kernel’s word, `config`, `env` and `uid` are the ' +
        'account’s own. A run counts when it **started** in the time shown. What a sender was refused (an event that contradicts one ' +
        'already kept, for example) is not in the index: it lies in the server’s quarantine, and `playtrail_events_rejected_total` counts it.'
    },
    {
      chart: 'table',
      id: 'who',
      title: 'Who, on which controller, as whom',
      place: [0, 5, 24, 14],
      of,
      where: started,
      by: [
        top('user.name', 'User', 50, { withMissing: true }),
        top('user.origin', 'How the name is known', 5, { withMissing: true }),
        top('observer.hostname', 'Controller', 10, { withMissing: true }),
        top('user.effective.name', 'Became', 5, { withMissing: true })
      ],
      metrics: [count('Runs'), over('max', '@timestamp', 'Last run')]
    },
    {
      chart: 'table',
      id: 'from-where',
      title: 'From which address (SSH sessions)',
      place: [24, 5, 24, 14],
      of,
      where: started,
      by: [top('source.ip', 'Address', 100), top('user.name', 'User', 10, { withMissing: true })],
      metrics: [count('Runs'), over('max', '@timestamp', 'Last run')]
    },
    {
      chart: 'table',
      id: 'tags-and-limit',
      title: 'With which limit and tags',
      place: [0, 19, 24, 14],
      of,
      where: started,
      by: [
        top('run.name', 'Playbook', 50, { withMissing: true }),
        top('ansible.cli.limit', 'Limit', 10, { withMissing: true }),
        top('ansible.cli.tags', 'Tag', 10, { withMissing: true })
      ],
      metrics: [count('Runs'), over('unique_count', 'user.name', 'People')]
    },
    {
      chart: 'bar_stacked',
      id: 'check-or-real',
      title: 'Check mode against real runs',
      place: [24, 19, 24, 14],
      of,
      where: started,
      by: [
        time,
        {
          kind: 'filters',
          label: 'Mode',
          filters: [
            { label: 'real', where: `not ${dry}` },
            { label: 'check', where: dry }
          ]
        }
      ],
      metrics: [count('Runs')]
    },
    {
      chart: 'bar_stacked',
      id: 'aborted',
      title: 'Aborted runs, by reason',
      place: [0, 33, 16, 14],
      of: 'playtrail-runs',
      where: 'run.status : aborted and not run.kind : service',
      by: [time, top('run.reason', 'Reason', 4)],
      metrics: [count('Runs')]
    },
    {
      chart: 'documents',
      id: 'aborted-runs',
      title: 'Aborted runs',
      place: [16, 33, 32, 14],
      of: 'playtrail-runs',
      where: 'run.status : aborted and not run.kind : service',
      columns: ['run.reason', 'run.name', 'user.name', 'observer.hostname', 'error.message', 'run.id']
    },
    {
      chart: 'table',
      id: 'gaps',
      title: 'Latest runs: events that the callback counted, and events that are here',
      place: [0, 47, 24, 14],
      of,
      where: 'run.id : * and not event.provider : (shipper or server)',
      by: [top('run.id', 'Run', 100, { rankedBy: 3 })],
      metrics: [
        {
          kind: 'subtract',
          label: 'Missing',
          left: over('max', 'run.events', 'Counted'),
          right: count('Here')
        },
        over('max', 'run.events', 'Counted'),
        count('Here'),
        over('max', '@timestamp', 'Last event')
      ]
    },
    {
      chart: 'table',
      id: 'lost',
      title: 'Events that were lost or dropped on the controller',
      place: [24, 47, 24, 14],
      of,
      where: 'event.action : spool.dropped or run.lost > 0',
      by: [top('run.id', 'Run', 100), top('observer.hostname', 'Controller', 1, { withMissing: true })],
      metrics: [
        over('max', '@timestamp', 'When'),
        over('sum', 'spool.events', 'Dropped'),
        over('max', 'run.lost', 'Could not be written')
      ]
    },
    {
      chart: 'bar_stacked',
      id: 'weak-names',
      title: 'Runs, by how the user’s name is known',
      place: [0, 61, 24, 12],
      of,
      where: started,
      by: [time, top('user.origin', 'How', 9)],
      metrics: [count('Runs')]
    },
    {
      chart: 'table',
      id: 'secrets',
      title: 'Playbooks whose output held secrets (they were taken out) or asked not to be logged',
      place: [24, 61, 24, 12],
      of,
      where: 'ansible.redacted > 0 or ansible.task.no_log : true',
      by: [top('run.name', 'Playbook', 50, { withMissing: true })],
      metrics: [
        over('sum', 'ansible.redacted', 'Secrets taken out'),
        count('Events under no_log', 'ansible.task.no_log : true'),
        over('max', '@timestamp', 'Last time')
      ]
    }
  ]
}
