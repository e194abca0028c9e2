import { count, type Dashboard, day, over, time, top } from './source.ts'

const of = 'playtrail-events'
const results = 'event.action : host.result'
const changed = `${results} and ansible.result.status : changed`
const failed = `${results} and ansible.result.status : (failed or unreachable) and not ansible.result.ignored : true`

export const hosts: Dashboard = {
  id: 'hosts',
  title: 'Hosts',
  description: 'What changed on which host and when, which hosts fail, and the history of one host.',
  choices: [
    { field: 'host.name', title: 'Host' },
    { field: 'host.groups', title: 'Group' }
  ],
  panels: [
    {
      chart: 'text',
      id: 'how-to-read',
      title: 'How to read',
      place: [0, 0, 48, 4],
      text:
        'A change is a task that **changed** something on a host. Failures that the playbook ignores are left out. ' +
        'For the history of one host, choose it in the list *Host* above: every panel then speaks of it alone.'
    },
    {
      chart: 'number',
      id: 'hosts-seen',
      title: 'Hosts that something was done on',
      place: [0, 4, 16, 6],
      of,
      where: results,
      by: [],
      metrics: [over('unique_count', 'host.name', 'Hosts')]
    },
    {
      chart: 'number',
      id: 'hosts-changed',
      title: 'Hosts that were changed',
      place: [16, 4, 16, 6],
      of,
      where: changed,
      by: [],
      metrics: [over('unique_count', 'host.name', 'Hosts')]
    },
    {
      chart: 'number',
      id: 'hosts-failed',
      title: 'Hosts that failed or could not be reached',
      place: [32, 4, 16, 6],
      of,
      where: failed,
      by: [],
      metrics: [over('unique_count', 'host.name', 'Hosts')]
    },
    {
      chart: 'bar_stacked',
      id: 'changes-per-day',
      title: 'Changes per host and day',
      place: [0, 10, 24, 14],
      of,
      where: changed,
      by: [day, top('host.name', 'Host', 15)],
      metrics: [count('Changes')]
    },
    {
      chart: 'table',
      id: 'last-change',
      title: 'Hosts by last change',
      place: [24, 10, 24, 14],
      of,
      where: changed,
      by: [top('host.name', 'Host', 200)],
      metrics: [
        over('max', '@timestamp', 'Last change'),
        count('Changes'),
        over('unique_count', 'run.id', 'Runs that changed it'),
        over('unique_count', 'user.name', 'People')
      ]
    },
    {
      chart: 'bar_horizontal_stacked',
      id: 'failing-hosts',
      title: 'Hosts that fail or cannot be reached',
      place: [0, 24, 24, 14],
      of,
      where: failed,
      by: [top('host.name', 'Host', 20), top('ansible.result.status', 'Status', 2)],
      metrics: [count('Results')]
    },
    {
      chart: 'table',
      id: 'failing-tasks',
      title: 'What fails where',
      place: [24, 24, 24, 14],
      of,
      where: failed,
      by: [
        top('host.name', 'Host', 50),
        top('ansible.result.status', 'Status', 2),
        top('ansible.task.name', 'Task', 5, { withMissing: true })
      ],
      metrics: [count('Times'), over('max', '@timestamp', 'Last time')]
    },
    {
      chart: 'bar_stacked',
      id: 'history',
      title: 'Results over time, by status (choose a host above)',
      place: [0, 38, 48, 10],
      of,
      where: results,
      by: [time, top('ansible.result.status', 'Status', 5)],
      metrics: [count('Results')]
    },
    {
      chart: 'documents',
      id: 'latest-changes',
      title: 'Latest changes and failures (choose a host above)',
      place: [0, 48, 48, 18],
      of,
      where: `${results} and ansible.result.status : (changed or failed or unreachable)`,
      columns: [
        'host.name',
        'ansible.result.status',
        'ansible.task.name',
        'ansible.task.action',
        'run.name',
        'user.name',
        'event.duration',
        'run.id'
      ]
    }
  ]
}
