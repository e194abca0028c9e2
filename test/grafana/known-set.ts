/** Runs and events with numbers that can be counted by hand; the dashboards' panels are asked for them. */

const HOUR_MS = 3_600_000
const S = 1_000_000_000
export const start = Date.parse('2026-03-02T00:00:00Z')
export const range = { from: start, to: start + 24 * HOUR_MS, intervalMs: HOUR_MS }

type Document = Record<string, unknown>

function run(
  hour: number,
  id: string,
  status: string,
  name: string,
  seconds: number,
  more: Document = {}
): Document {
  return {
    '@timestamp': new Date(start + hour * HOUR_MS).toISOString(),
    event: { duration: seconds * S },
    run: { id, status, name: 'site.yml', kind: 'playbook', lost: 0 },
    user: { name },
    host: { name: ['web-01', 'web-02'] },
    ...more
  }
}

export const runs: Document[] = [
  run(1, 'r1', 'success', 'alice', 10),
  run(2, 'r2', 'success', 'alice', 10),
  run(3, 'r3', 'changed', 'alice', 30),
  run(4, 'r4', 'failed', 'bob', 40, { host: { name: ['db-01'] } }),
  run(5, 'r5', 'unreachable', 'bob', 50, { host: { name: ['db-01', 'db-02'] } }),
  run(6, 'r6', 'aborted', 'carol', 60, {
    run: { id: 'r6', status: 'aborted', reason: 'killed', name: 'backup.yml', lost: 3 }
  }),
  run(7, 'r7', 'running', 'carol', 0),
  // Before the time that is asked for.
  run(-1, 'r0', 'failed', 'dave', 99, { host: { name: ['old-01'] } })
]

function result(
  minute: number,
  status: string,
  host: string,
  task: string,
  seconds: number,
  user = 'alice'
): Document {
  return {
    '@timestamp': new Date(start + minute * 60_000).toISOString(),
    event: { action: 'host.result', duration: seconds * S },
    run: { id: 'r3', name: 'site.yml' },
    user: { name: user },
    host: { name: host },
    ansible: { task: { name: task }, result: { status, msg: `${status} on ${host}` } }
  }
}

export const events: Document[] = [
  result(10, 'ok', 'web-01', 'install nginx', 8),
  result(11, 'changed', 'web-02', 'install nginx', 12),
  result(12, 'changed', 'web-01', 'write nginx.conf', 1),
  result(13, 'changed', 'db-01', 'write my.cnf', 2, 'bob'),
  result(14, 'failed', 'db-01', 'start mysql', 3, 'bob'),
  result(15, 'failed', 'db-02', 'start mysql', 5, 'bob'),
  result(16, 'unreachable', 'db-01', 'gather facts', 30, 'bob'),
  result(17, 'skipped', 'web-01', 'reboot', 0),
  // No result: it must not be counted as one.
  {
    '@timestamp': new Date(start).toISOString(),
    event: { action: 'task.started' },
    user: { name: 'alice' },
    ansible: { task: { name: 'reboot' } }
  }
]

/** What each panel has to show: rows of names and numbers, or of a raw table the ids or messages from the newest on. */
export const expected: Record<string, unknown> = {
  Runs: [[['all'], { Count: 7 }]],
  'Failed, unreachable or aborted': [[['all'], { Count: 3 }]],
  'Going on': [[['all'], { Count: 1 }]],
  Actors: [[['all'], { 'Unique Count': 3 }]],
  Hosts: [[['all'], { 'Unique Count': 4 }]],
  'Runs with a gap': [[['all'], { Count: 1 }]],
  'Runs by status': [
    [['aborted'], { Count: 1 }],
    [['changed'], { Count: 1 }],
    [['failed'], { Count: 1 }],
    [['running'], { Count: 1 }],
    [['success'], { Count: 2 }],
    [['unreachable'], { Count: 1 }]
  ],
  // One run an hour, so that each percentile is its duration, and the sum over the hours is that of all.
  'Duration of runs': [[[], { p50: 200 * S, p95: 200 * S }]],
  'Latest runs': ['r7', 'r6', 'r5', 'r4', 'r3', 'r2', 'r1'],
  'Results by status': [
    [['changed'], { Count: 3 }],
    [['failed'], { Count: 2 }],
    [['ok'], { Count: 1 }],
    [['skipped'], { Count: 1 }],
    [['unreachable'], { Count: 1 }]
  ],
  'Who changed most': [
    [['alice'], { Count: 2 }],
    [['bob'], { Count: 1 }]
  ],
  'Where it failed most': [
    [['db-01'], { Count: 2 }],
    [['db-02'], { Count: 1 }]
  ],
  'Slowest tasks': [
    [['gather facts'], { Average: 30 * S, Count: 1 }],
    [['install nginx'], { Average: 10 * S, Count: 2 }],
    [['start mysql'], { Average: 4 * S, Count: 2 }],
    [['write my.cnf'], { Average: 2 * S, Count: 1 }],
    [['write nginx.conf'], { Average: 1 * S, Count: 1 }],
    [['reboot'], { Average: 0, Count: 1 }]
  ],
  'Tasks that failed': [
    [['start mysql'], { Count: 2, 'Unique Count': 2 }],
    [['gather facts'], { Count: 1, 'Unique Count': 1 }]
  ],
  'Latest failures': ['unreachable on db-01', 'failed on db-02', 'failed on db-01']
}
