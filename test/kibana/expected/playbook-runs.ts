import type { RunDocument } from '../known-events.ts'
import { last, newestFirst, table, time, top } from './groups.ts'
import { countOf, type ExpectedRow, maxOf, percentileOf } from './rows.ts'

export function runPanels(all: readonly RunDocument[]): Record<string, ExpectedRow[]> {
  const runs = all.filter(({ run }) => run.kind !== 'service')
  const ended = runs.filter(({ run }) => run.status !== 'running')
  const isFailed = ({ run }: RunDocument): boolean =>
    ['failed', 'unreachable', 'aborted'].includes(run.status)
  const duration = ({ event }: RunDocument): number | undefined => event.duration
  const failureRate = (some: readonly RunDocument[]): number | null => {
    const those = some.filter(({ run }) => run.status !== 'running')
    return those.length === 0 ? null : those.filter(isFailed).length / those.length
  }
  const playbook = ({ run }: RunDocument) => run.name
  return {
    'playbook-runs/runs': table(runs, [], { Runs: countOf() }),
    'playbook-runs/failure-rate': table(runs, [], { 'Failure rate': failureRate }),
    'playbook-runs/aborted': table(runs, [], { Aborted: countOf(({ run }) => run.status === 'aborted') }),
    'playbook-runs/running': table(runs, [], { Running: countOf(({ run }) => run.status === 'running') }),
    'playbook-runs/runs-by-status': table(runs, [top('Status', ({ run }) => run.status, 6, 'Runs'), time()], {
      Runs: countOf()
    }),
    'playbook-runs/failure-rate-over-time': table(runs, [time()], { 'Failure rate': failureRate }),
    'playbook-runs/durations': table(ended, [time()], {
      'Half take at most': percentileOf(50, duration),
      '95 of 100 take at most': percentileOf(95, duration),
      Longest: maxOf(duration)
    }),
    'playbook-runs/who-runs-what': table(
      runs,
      [
        top('User', ({ user }) => user?.name, 20, 'Runs', 'with missing'),
        top('Playbook', playbook, 10, 'Runs', 'with missing')
      ],
      { Runs: countOf(), Failed: countOf(isFailed), 'Last run': last }
    ),
    'playbook-runs/playbooks': table(runs, [top('Playbook', playbook, 50, 'Failed')], {
      Failed: countOf(isFailed),
      Runs: countOf(),
      'Failure rate': failureRate,
      'Median duration': percentileOf(50, duration),
      '95th percentile': percentileOf(95, duration),
      'Last run': last
    }),
    'playbook-runs/latest-runs': newestFirst(runs).map(
      ({ '@timestamp': at, run, user, observer, ansible, event }) => ({
        '@timestamp': at,
        'run.status': run.status,
        'run.name': run.name,
        'user.name': user?.name,
        'observer.hostname': observer?.hostname,
        'ansible.cli.limit': ansible?.cli?.limit,
        'ansible.cli.check': String(ansible?.cli?.check),
        'event.duration': event.duration === undefined ? undefined : String(event.duration),
        'run.id': run.id
      })
    )
  }
}
