// An answer of each route, for /openapi.json.

const RUN = '019a5344-9e0b-7c3f-8a51-6d1e0c9b7a42'
const change = {
  '@timestamp': '2026-11-05T09:31:07.482113Z',
  run: { id: RUN, name: 'site.yml' },
  user: { name: 'alice' }
}
const lastRun = {
  '@timestamp': '2026-11-05T09:30:00.203Z',
  run: { id: RUN, name: 'site.yml', status: 'changed' },
  user: { name: 'alice' }
}
const runs = { running: 0, success: 30, changed: 8, failed: 1, unreachable: 1, aborted: 0 }
const results = { ok: 4120, changed: 212, failed: 3, skipped: 618, unreachable: 0 }
const duration = { p50: 812_345_678, p95: 2_412_345_678 }

const host = {
  host: { name: 'web-07' },
  results,
  runs: 41,
  last_run: { ...change, '@timestamp': '2026-11-05T09:31:12.000201Z' },
  last_change: change
}

const document = {
  '@timestamp': '2026-11-05T09:30:00.203114Z',
  run: { id: RUN, status: 'changed', name: 'site.yml', kind: 'playbook' },
  event: {
    start: '2026-11-05T09:30:00.203114Z',
    end: '2026-11-05T09:31:13.100052Z',
    duration: 72_896_938_000,
    outcome: 'success'
  },
  user: { name: 'alice', origin: 'loginuid' },
  observer: { hostname: 'control-1' },
  ansible: {
    version: '2.21.5',
    playbook: { name: 'site.yml', path: '/srv/ansible/site.yml' },
    cli: { tags: ['nginx'], limit: 'web-0*', check: false }
  },
  playtrail: {
    events: 211,
    results: { ok: 96, changed: 4, failed: 0, skipped: 20, unreachable: 0 },
    last_ingested: '2026-11-05T09:31:13.204511Z',
    last_heard: '2026-11-05T09:31:13.204511Z',
    silences: 0
  }
}

const task = {
  ansible: {
    task: {
      key: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3',
      name: 'Install nginx',
      action: 'ansible.builtin.package',
      role: 'web',
      path: '/srv/ansible/roles/web/tasks/main.yml'
    }
  },
  results,
  flaky: 4,
  failure_rate: 3 / 4335,
  change_rate: 212 / 4335,
  flake_rate: 4 / 4335,
  duration,
  last_result: change,
  weeks: [{ '@timestamp': '2026-11-02T00:00:00.000Z', results: 840, changed: 12, failed: 0, duration }]
}

export const examples = {
  hosts: { items: [host], next: null },
  host: {
    ...host,
    last_run: { ...host.last_run, document },
    last_change: { ...change, document }
  },
  hostRuns: {
    items: [
      {
        ...document,
        host: { name: 'web-07' },
        results: { ok: 11, changed: 1, failed: 0, skipped: 3, unreachable: 0 }
      }
    ],
    next: null
  },
  playbooks: {
    items: [
      {
        run: { name: 'site.yml' },
        runs,
        failure_rate: 0.05,
        last_run: lastRun,
        last_success: lastRun,
        duration,
        weeks: [{ '@timestamp': '2026-11-02T00:00:00.000Z', runs: 9, failed: 1, duration }]
      }
    ],
    next: null
  },
  users: {
    items: [{ user: { name: 'alice' }, runs, failure_rate: 0.05, playbooks: 3, last_run: lastRun }],
    next: null
  },
  tasks: { items: [task], next: null },
  task,
  facets: {
    items: [
      {
        field: 'status',
        values: [
          { value: 'ok', events: 4120 },
          { value: 'changed', events: 212 }
        ],
        others: 3
      }
    ],
    next: null
  },
  histogram: {
    interval: 'day',
    items: [{ '@timestamp': '2026-11-05T00:00:00.000Z', events: 5102, statuses: { ok: 4120, changed: 212 } }],
    next: null
  }
} as const
