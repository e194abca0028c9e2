import type { Event } from '../../../server/event-types.ts'
import type { RunDocument } from '../known-events.ts'
import { last, newestFirst, table, time, top } from './groups.ts'
import { countOf, distinctOf, type ExpectedRow, type Grouping, maxOf, sumOf } from './rows.ts'

export function auditPanels(
  events: readonly Event[],
  runs: readonly RunDocument[]
): Record<string, ExpectedRow[]> {
  const started = events.filter(({ event }) => event.action === 'run.started')
  const userOf = ({ user }: Event) => user?.name
  const aborted = runs.filter(({ run }) => run.status === 'aborted')
  const ofCallback = events.filter(({ event }) => event.provider !== 'shipper' && event.provider !== 'server')
  const lost = events.filter(({ event, run }) => event.action === 'spool.dropped' || (run?.lost ?? 0) > 0)
  const secret = events.filter(
    ({ ansible }) => (ansible?.redacted ?? 0) > 0 || ansible?.task?.no_log === true
  )
  const counted = maxOf<Event>(({ run }) => run?.events)
  const mode: Grouping<Event> = {
    label: 'Mode',
    values: ({ ansible }) => [ansible?.cli?.check === true ? 'check' : 'real']
  }
  return {
    'audit/who': table(
      started,
      [
        top('User', userOf, 50, 'Runs', 'with missing'),
        top('How the name is known', ({ user }) => user?.origin, 5, 'Runs', 'with missing'),
        top('Controller', ({ observer }) => observer?.hostname, 10, 'Runs', 'with missing'),
        top('Became', ({ user }) => user?.effective?.name, 5, 'Runs', 'with missing')
      ],
      { Runs: countOf(), 'Last run': last }
    ),
    'audit/from-where': table(
      started,
      [
        top('Address', ({ source }) => source?.ip, 100, 'Runs'),
        top('User', userOf, 10, 'Runs', 'with missing')
      ],
      { Runs: countOf(), 'Last run': last }
    ),
    'audit/tags-and-limit': table(
      started,
      [
        top('Playbook', ({ run }) => run?.name, 50, 'Runs', 'with missing'),
        top('Limit', ({ ansible }) => ansible?.cli?.limit, 10, 'Runs', 'with missing'),
        top('Tag', ({ ansible }) => ansible?.cli?.tags, 10, 'Runs', 'with missing')
      ],
      { Runs: countOf(), People: distinctOf(userOf) }
    ),
    'audit/check-or-real': table(started, [mode, time()], { Runs: countOf() }),
    'audit/aborted': table(aborted, [top('Reason', ({ run }) => run.reason, 4, 'Runs'), time()], {
      Runs: countOf()
    }),
    'audit/aborted-runs': newestFirst(aborted).map(({ '@timestamp': at, run, user, observer, error }) => ({
      '@timestamp': at,
      'run.reason': run.reason,
      'run.name': run.name,
      'user.name': user?.name,
      'observer.hostname': observer?.hostname,
      'error.message': error?.message,
      'run.id': run.id
    })),
    'audit/gaps': table(ofCallback, [top('Run', ({ run }) => run?.id, 100, 'Last event')], {
      Missing: (some) => {
        const all = counted(some)
        return all === null ? null : all - some.length
      },
      Counted: counted,
      Here: countOf(),
      'Last event': last
    }),
    'audit/lost': table(
      lost,
      [
        top('Run', ({ run }) => run?.id, 100, 'When'),
        top('Controller', ({ observer }) => observer?.hostname, 1, 'When', 'with missing')
      ],
      {
        When: last,
        Dropped: sumOf(({ spool }) => spool?.events),
        'Could not be written': maxOf(({ run }) => run?.lost)
      }
    ),
    'audit/weak-names': table(started, [top('How', ({ user }) => user?.origin, 9, 'Runs'), time()], {
      Runs: countOf()
    }),
    'audit/secrets': table(
      secret,
      [top('Playbook', ({ run }) => run?.name, 50, 'Secrets taken out', 'with missing')],
      {
        'Secrets taken out': sumOf(({ ansible }) => ansible?.redacted),
        'Events under no_log': countOf(({ ansible }) => ansible?.task?.no_log === true),
        'Last time': last
      }
    )
  }
}
