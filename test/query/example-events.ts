import type { Event } from '../../server/event-types.ts'
import { runOfEvents } from '../index/fixtures.ts'

/** Noon of November 5, 2026: `now` of the examples. */
export const NOW = Date.UTC(2026, 10, 5, 12)

/** The events of docs/query.md, by their letters. */
export function exampleEvents(): Map<string, Event> {
  const site = runOfEvents(Date.UTC(2026, 10, 5, 9, 30))
  const backup = runOfEvents(Date.UTC(2026, 10, 3, 23, 59, 59, 500), { name: 'backup.yml', user: 'bob' })
  const result = (name: string, host: string, more: Event['ansible'], duration: number): Event => {
    const task = { id: name, name, ...more?.task }
    return site.next('host.result', {
      host: { name: host },
      ansible: { ...more, play: { id: 'play' }, task },
      // The rest is what the run says of each of its events.
      event: { duration } as Event['event']
    })
  }
  return new Map([
    ['A', site.started({ source: { ip: '10.1.2.3' }, labels: { team: 'web' } })],
    [
      'B',
      result(
        'Install nginx',
        'web-07',
        {
          task: {
            id: '',
            name: 'Install nginx',
            role: 'nginx',
            action: 'ansible.builtin.apt',
            tags: ['packages', 'web']
          },
          result: { status: 'changed' }
        },
        12_000_000_000
      )
    ],
    [
      'C',
      result(
        'Restart nginx',
        'web-07',
        {
          result: {
            status: 'failed',
            ignored: true,
            rc: 1,
            stderr: 'nginx: [emerg] bind() to 0.0.0.0:80 failed'
          }
        },
        0
      )
    ],
    [
      'D',
      result(
        'Copy nginx.conf',
        'WEB-08',
        {
          result: { status: 'changed' },
          diff: [
            { path: '/etc/nginx/nginx.conf', unified: '-worker_processes 1;\n+# nginx\n+worker_processes 4;' }
          ]
        },
        0
      )
    ],
    [
      'E',
      result(
        'Check the disk',
        'db-1',
        { result: { status: 'ok', stdout: '42% used on /dev/sda1' } },
        200_000_000
      )
    ],
    ['F', site.finished('failed')],
    ['G', backup.started({ source: { ip: '2001:db8::7' } })],
    ['H', backup.finished('changed')]
  ])
}
