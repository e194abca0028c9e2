import type { Event } from '../../../server/event-types.ts'
import { DAY_MS, hostOf, isFailure, last, newestFirst, statusOf, table, taskOf, time, top } from './groups.ts'
import { countOf, distinctOf, type ExpectedRow } from './rows.ts'

export function hostPanels(events: readonly Event[]): Record<string, ExpectedRow[]> {
  const results = events.filter(({ event }) => event.action === 'host.result')
  const changed = results.filter((event) => statusOf(event) === 'changed')
  const failed = results.filter((event) => isFailure(event) || statusOf(event) === 'unreachable')
  const noteworthy = results.filter((event) =>
    ['changed', 'failed', 'unreachable'].includes(statusOf(event) ?? '')
  )
  const hosts = distinctOf(hostOf)
  return {
    'hosts/hosts-seen': table(results, [], { Hosts: hosts }),
    'hosts/hosts-changed': table(changed, [], { Hosts: hosts }),
    'hosts/hosts-failed': table(failed, [], { Hosts: hosts }),
    'hosts/changes-per-day': table(changed, [top('Host', hostOf, 15, 'Changes'), time(DAY_MS)], {
      Changes: countOf()
    }),
    'hosts/last-change': table(changed, [top('Host', hostOf, 200, 'Last change')], {
      'Last change': last,
      Changes: countOf(),
      'Runs that changed it': distinctOf(({ run }) => run?.id),
      People: distinctOf(({ user }) => user?.name)
    }),
    'hosts/failing-hosts': table(
      failed,
      [top('Host', hostOf, 20, 'Results'), top('Status', statusOf, 2, 'Results')],
      { Results: countOf() }
    ),
    'hosts/failing-tasks': table(
      failed,
      [
        top('Host', hostOf, 50, 'Times'),
        top('Status', statusOf, 2, 'Times'),
        top('Task', taskOf, 5, 'Times', 'with missing')
      ],
      { Times: countOf(), 'Last time': last }
    ),
    'hosts/history': table(results, [top('Status', statusOf, 5, 'Results'), time()], { Results: countOf() }),
    'hosts/latest-changes': newestFirst(noteworthy).map(
      ({ '@timestamp': at, host, ansible, run, user, event }) => ({
        '@timestamp': at,
        'host.name': host?.name,
        'ansible.result.status': ansible?.result?.status,
        'ansible.task.name': ansible?.task?.name,
        'ansible.task.action': ansible?.task?.action,
        'run.name': run?.name,
        'user.name': user?.name,
        'event.duration': String(event.duration),
        'run.id': run?.id
      })
    )
  }
}
