import type { IndexedEvent, Run } from '../../client/types.ts'

export const NOW = new Date('2026-11-05T09:33:30Z')
export const RUN_ID = '019a5344-9e0b-7c3f-8a51-6d1e0c9b7a42'

/** The run that most tests look at: two hosts, one of them failed. */
export function aRun(changes: Partial<Run> = {}): Run {
  return {
    '@timestamp': '2026-11-05T09:30:00.123456Z',
    run: { id: RUN_ID, status: 'failed', name: 'site.yml', kind: 'playbook' },
    event: {
      start: '2026-11-05T09:30:00.123456Z',
      end: '2026-11-05T09:32:03Z',
      duration: 123_000_000_000,
      outcome: 'failure'
    },
    user: { name: 'alice', origin: 'loginuid', effective: { name: 'root', id: '0' } },
    source: { ip: '192.0.2.10' } as NonNullable<Run['source']>,
    observer: { hostname: 'control-1' },
    process: { pid: 4711, working_directory: '/srv/ansible' },
    labels: { team: 'platform' },
    ansible: {
      version: '2.21.5',
      playbook: { name: 'site.yml', path: '/srv/ansible/site.yml' },
      cli: {
        tags: ['web'],
        skip_tags: ['slow'],
        limit: 'web-*',
        inventory: ['hosts.ini'],
        extra_var_names: ['release']
      },
      hosts: { total: 2, ok: 0, changed: 1, failed: 1, unreachable: 0 }
    },
    playtrail: {
      events: 9,
      results: { ok: 12, changed: 3, failed: 1, skipped: 2, unreachable: 0 },
      last_ingested: '2026-11-05T09:32:04Z',
      silences: 0
    },
    ...changes
  }
}

/** A run with another id, as the n-th of many. */
export function numberedRun(n: number): Run {
  const id = `019a5344-${n.toString(16).padStart(4, '0')}-7c3f-8a51-6d1e0c9b7a42`
  return aRun({ run: { id, status: 'success', name: `play-${n}.yml` } })
}

type Action = IndexedEvent['event']['action']
type Parts = Partial<
  Pick<IndexedEvent, 'host' | 'ansible' | 'user' | 'observer' | 'run' | 'error' | 'spool'>
> & {
  provider?: 'callback' | 'shipper'
  outcome?: 'success' | 'failure' | 'unknown'
  duration?: number
}

/** The event of the given number in the run. */
export function anEvent(sequence: number, action: Action, parts: Parts = {}): IndexedEvent {
  const { provider, outcome, duration, ...groups } = parts
  const mark = provider === 'shipper' ? 's' : ''
  return {
    '@timestamp': new Date(Date.parse('2026-11-05T09:30:00.200Z') + sequence).toISOString(),
    event: {
      id: `${RUN_ID}:${mark}${sequence}`,
      sequence,
      action,
      dataset: 'ansible.result',
      ingested: '2026-11-05T09:32:04.000000Z',
      hash: '0'.repeat(64),
      ...(provider === undefined ? {} : { provider }),
      ...(outcome === undefined ? {} : { outcome }),
      ...(duration === undefined ? {} : { duration })
    },
    run: { id: RUN_ID, name: 'site.yml' },
    user: { name: 'alice' },
    observer: { hostname: 'control-1' },
    playtrail: { log: 'log', index: sequence, sender: 'local' },
    ...groups
  }
}

type Ansible = NonNullable<IndexedEvent['ansible']>

export function resultOf(
  sequence: number,
  host: string,
  task: NonNullable<Ansible['task']>,
  result: NonNullable<Ansible['result']>,
  more: Partial<Ansible> = {}
): IndexedEvent {
  const isFailure = result.status === 'failed' || result.status === 'unreachable'
  return anEvent(sequence, 'host.result', {
    host: { name: host },
    outcome: isFailure ? 'failure' : 'success',
    ansible: { play: { id: 'p1', batch: 1 }, task, result, ...more }
  })
}

export function itemOf(
  sequence: number,
  host: string,
  task: NonNullable<Ansible['task']>,
  item: NonNullable<Ansible['item']>,
  result: NonNullable<Ansible['result']>
): IndexedEvent {
  return anEvent(sequence, 'item.result', {
    host: { name: host },
    outcome: result.status === 'failed' ? 'failure' : 'success',
    ansible: { play: { id: 'p1', batch: 1 }, task, item, result }
  })
}

/** The events of aRun(), oldest first. */
export function eventsOfRun(): IndexedEvent[] {
  const play = { id: 'p1', batch: 1 }
  const install = { id: 't1', occurrence: 1, name: 'Install the configuration' }
  const restart = { id: 't2', occurrence: 1, name: 'Restart nginx' }
  const where = { role: 'nginx', path: '/srv/ansible/roles/nginx/tasks/main.yml' }
  const unified = '--- before\n+++ after\n@@ -1 +1 @@\n-worker_processes 1;\n+worker_processes 4;\n'
  return [
    anEvent(0, 'run.started'),
    anEvent(1, 'play.started', { ansible: { play: { ...play, name: 'Web servers', strategy: 'linear' } } }),
    anEvent(2, 'task.started', { ansible: { play, task: { ...install, ...where, line: 12 } } }),
    resultOf(
      3,
      'web-07',
      install,
      { status: 'changed', msg: '' },
      { diff: [{ path: '/etc/nginx.conf', unified }] }
    ),
    resultOf(4, 'web-08', install, { status: 'skipped', skip_reason: 'when: nginx_enabled' }),
    anEvent(5, 'task.started', {
      ansible: { play, task: { ...restart, ...where, line: 20, handler: true } }
    }),
    resultOf(6, 'web-07', restart, { status: 'ok', items: { ok: 1, changed: 2 } }),
    resultOf(7, 'web-08', restart, {
      status: 'failed',
      rc: 1,
      msg: 'unit not found',
      stderr: 'no nginx\nat all'
    }),
    anEvent(8, 'host.finished', { host: { name: 'web-07' }, ansible: { stats: { ok: 2, changed: 1 } } }),
    anEvent(9, 'host.finished', {
      host: { name: 'web-08' },
      ansible: { stats: { skipped: 1, failures: 1 } }
    }),
    anEvent(10, 'run.finished')
  ]
}
