import { count, type Dashboard, over, percentile, top } from './source.ts'

const of = 'playtrail-events'
const results = 'event.action : host.result'
/** A skipped task took no time, and would hide how long it takes when it runs. */
const done = `${results} and not ansible.result.status : skipped`
const failed = 'ansible.result.status : failed and not ansible.result.ignored : true'
const task = (size: number) => top('ansible.task.name', 'Task', size)

export const tasks: Dashboard = {
  id: 'tasks',
  title: 'Tasks',
  description: 'Which tasks are slow, which fail, which change something, and with which modules.',
  choices: [
    { field: 'run.name', title: 'Playbook' },
    { field: 'ansible.task.role', title: 'Role' },
    { field: 'ansible.task.action', title: 'Module' }
  ],
  panels: [
    {
      chart: 'text',
      id: 'how-to-read',
      title: 'How to read',
      place: [0, 0, 48, 4],
      text:
        'A result is one task on one host. Durations are of the task on a single host, skipped ones left out. ' +
        'Tasks of the same name count together: choose a playbook or a role above to tell them apart.'
    },
    {
      chart: 'table',
      id: 'slowest',
      title: 'Slowest tasks',
      place: [0, 4, 48, 14],
      of,
      where: done,
      by: [task(50)],
      metrics: [
        percentile(95, 'event.duration', '95th percentile'),
        over('median', 'event.duration', 'Median'),
        over('max', 'event.duration', 'Longest'),
        over('sum', 'event.duration', 'In all'),
        count('Results'),
        over('unique_count', 'host.name', 'Hosts')
      ]
    },
    {
      chart: 'bar_horizontal',
      id: 'most-time',
      title: 'Tasks that take the most time in all',
      place: [0, 18, 24, 14],
      of,
      where: done,
      by: [task(15)],
      metrics: [over('sum', 'event.duration', 'Time on all hosts')]
    },
    {
      chart: 'bar_horizontal',
      id: 'most-changing',
      title: 'Tasks that change most',
      place: [24, 18, 24, 14],
      of,
      where: `${results} and ansible.result.status : changed`,
      by: [task(15)],
      metrics: [count('Changes')]
    },
    {
      chart: 'table',
      id: 'most-failing',
      title: 'Tasks that fail most (ignored failures left out)',
      place: [0, 32, 24, 14],
      of,
      where: `${results} and ${failed}`,
      by: [task(50)],
      metrics: [
        count('Failures'),
        over('unique_count', 'host.name', 'Hosts'),
        over('unique_count', 'run.id', 'Runs'),
        over('max', '@timestamp', 'Last failure')
      ]
    },
    {
      chart: 'table',
      id: 'most-retried',
      title: 'Tasks that need more than one try',
      place: [24, 32, 24, 14],
      of,
      where: 'event.action : host.retry',
      by: [task(50)],
      metrics: [
        count('Failed tries'),
        over('max', 'ansible.retry.attempt', 'Most tries in a row'),
        over('unique_count', 'host.name', 'Hosts')
      ]
    },
    {
      chart: 'table',
      id: 'by-module',
      title: 'By module',
      place: [0, 46, 24, 14],
      of,
      where: results,
      by: [top('ansible.task.action', 'Module', 100)],
      metrics: [
        count('Results'),
        count('Changed', 'ansible.result.status : changed'),
        count('Failed', failed),
        count('Unreachable', 'ansible.result.status : unreachable'),
        over('sum', 'event.duration', 'Time in all')
      ]
    },
    {
      chart: 'bar_horizontal_percentage_stacked',
      id: 'module-status',
      title: 'How the results of each module end',
      place: [24, 46, 24, 14],
      of,
      where: results,
      by: [top('ansible.task.action', 'Module', 15), top('ansible.result.status', 'Status', 5)],
      metrics: [count('Results')]
    }
  ]
}
