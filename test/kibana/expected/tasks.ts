import type { Event } from '../../../server/event-types.ts'
import { durationOf, hostOf, isFailure, last, statusOf, table, taskOf, top } from './groups.ts'
import { countOf, distinctOf, type ExpectedRow, maxOf, percentileOf, sumOf } from './rows.ts'

export function taskPanels(events: readonly Event[]): Record<string, ExpectedRow[]> {
  const results = events.filter(({ event }) => event.action === 'host.result')
  const done = results.filter((event) => statusOf(event) !== 'skipped')
  const retries = events.filter(({ event }) => event.action === 'host.retry')
  const moduleOf = ({ ansible }: Event) => ansible?.task?.action
  return {
    'tasks/slowest': table(done, [top('Task', taskOf, 50, '95th percentile')], {
      '95th percentile': percentileOf(95, durationOf),
      Median: percentileOf(50, durationOf),
      Longest: maxOf(durationOf),
      'In all': sumOf(durationOf),
      Results: countOf(),
      Hosts: distinctOf(hostOf)
    }),
    'tasks/most-time': table(done, [top('Task', taskOf, 15, 'Time on all hosts')], {
      'Time on all hosts': sumOf(durationOf)
    }),
    'tasks/most-changing': table(
      results.filter((event) => statusOf(event) === 'changed'),
      [top('Task', taskOf, 15, 'Changes')],
      { Changes: countOf() }
    ),
    'tasks/most-failing': table(results.filter(isFailure), [top('Task', taskOf, 50, 'Failures')], {
      Failures: countOf(),
      Hosts: distinctOf(hostOf),
      Runs: distinctOf(({ run }) => run?.id),
      'Last failure': last
    }),
    'tasks/most-retried': table(retries, [top('Task', taskOf, 50, 'Failed tries')], {
      'Failed tries': countOf(),
      'Most tries in a row': maxOf(({ ansible }) => ansible?.retry?.attempt),
      Hosts: distinctOf(hostOf)
    }),
    'tasks/by-module': table(results, [top('Module', moduleOf, 100, 'Results')], {
      Results: countOf(),
      Changed: countOf((event) => statusOf(event) === 'changed'),
      Failed: countOf(isFailure),
      Unreachable: countOf((event) => statusOf(event) === 'unreachable'),
      'Time in all': sumOf(durationOf)
    }),
    'tasks/module-status': table(
      results,
      [top('Module', moduleOf, 15, 'Results'), top('Status', statusOf, 5, 'Results')],
      { Results: countOf() }
    )
  }
}
