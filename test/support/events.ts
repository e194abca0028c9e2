import { randomBytes } from 'node:crypto'
import type { Event } from '../../server/event-types.ts'

/** A new UUIDv7 (RFC 9562, section 5.7), as the callback makes one at the start of a run. */
export function runId(ms = Date.now()): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(ms, 0, 6)
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** A result on a host: a valid event of about the size that a real one has. */
export function resultEvent(run: string, sequence: number, host = 'web-01'): Event {
  const now = new Date().toISOString()
  return {
    '@timestamp': now,
    event: {
      id: `${run}:${sequence}`,
      sequence,
      action: 'host.result',
      dataset: 'ansible.result',
      provider: 'callback',
      kind: 'event',
      category: ['configuration'],
      type: ['change'],
      outcome: 'success',
      start: now,
      end: now,
      duration: 1_234_567
    },
    run: { id: run, name: 'site.yml' },
    user: { name: 'alice' },
    observer: { hostname: 'control-1' },
    host: { name: host, groups: ['web'] },
    ansible: {
      play: { id: '5254004d-77d3-1f3c-9d64-000000000006', batch: 1, name: 'Web servers' },
      task: {
        id: `5254004d-77d3-1f3c-9d64-${String(sequence).padStart(12, '0')}`,
        occurrence: 1,
        name: 'Install the configuration',
        action: 'ansible.builtin.template',
        path: '/srv/ansible/roles/nginx/tasks/main.yml',
        line: 12
      },
      result: { status: 'changed', msg: 'written' }
    }
  }
}

export function ndjson(events: readonly unknown[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('')
}
