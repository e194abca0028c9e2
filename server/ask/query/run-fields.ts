import type { All, Condition } from './ast.ts'
import { STATUS } from './fields.ts'
import { QueryMistake } from './mistake.ts'

/** What a run is asked for by: fields and groups of its document (server/index/store.ts), and its hosts. */
const runFields: readonly string[] = [
  STATUS,
  '@timestamp',
  'run',
  'event.start',
  'event.end',
  'event.duration',
  'event.outcome',
  'user',
  'source',
  'observer',
  'process',
  'agent',
  'labels',
  'vcs',
  'ci',
  'awx',
  'error',
  'host.name',
  'ansible.version',
  'ansible.playbook',
  'ansible.cli',
  'ansible.stats',
  'ansible.hosts'
]

/** Throws QueryMistake if a condition asks for what only events have: it would find no run, whatever there is. */
export function checkRunField(condition: All | Condition): void {
  const field = condition.type === 'all' ? undefined : condition.field
  if (field === undefined || isRunField(field)) return
  throw new QueryMistake(
    `A run has no ${field}: that is in events and results. Ask for those, with GET /v1/events?q=… or playtrail events -q ….`
  )
}

function isRunField(name: string): boolean {
  return runFields.some((known) => name === known || name.startsWith(`${known}.`))
}
