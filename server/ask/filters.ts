import { type RunKind, resultStatuses, runKinds, runStatuses } from '../index/store.ts'
import { oneOf, query, text, time } from './parameters.ts'
import { asksFor } from './query/asks-for.ts'
import type { Query } from './query/ast.ts'
import { actions, statuses } from './query/closed-sets.ts'

const WILDCARD = '`*` stands for any characters.'

/** Filters that mean the same wherever they are taken. */
export const host = text(`Name of a managed host. ${WILDCARD}`, 'web-*')
export const user = text('Name of the person or account that did it (`user.name`).', 'alice')
export const resultStatus = oneOf(resultStatuses, 'How it ended on the host.')
export const eitherStatus = oneOf(statuses, 'How a task ended on a host, or how a run stood.')
export const runStatus = oneOf(runStatuses, 'How the run stands.')
export const runKind = oneOf(
  runKinds,
  'What was executed. The life of the service is a run as well, of kind `service`; such runs are told only to whoever asks for them, with this or with `run.kind:service` in `q`.'
)
export const run = text('Id of the run, or its beginning.', '019a5344-9e0b-7c3f-8a51-6d1e0c9b7a42')
export const action = oneOf(actions, 'What kind of event (`event.action`).')
export const playbookOrPath = text(`Name or path of the playbook. ${WILDCARD}`, 'site.yml')
export const playbook = text(`Name of the playbook (\`run.name\`). ${WILDCARD}`, 'site.yml')
export const from = time(
  'Not before this time: RFC 3339, a day in UTC, or date math such as `now-7d/d`.',
  'now-7d'
)
export const to = time('Before this time, written like `from`.', '2026-11-05T09:30:00Z')

/** The filters of events, wherever these are listed or counted. */
export const eventFilters = {
  ...{ q: query('events'), run, action, playbook, host, user },
  ...{ status: eitherStatus, from, to }
}

/** Filters by the names that the index gives them. */
export function filterOf<Filters extends { q?: Query; from?: number; to?: number }>({
  q,
  from,
  to,
  ...filters
}: Filters): Omit<Filters, 'q' | 'from' | 'to'> & {
  matching: Query | undefined
  fromMs: number | undefined
  toMs: number | undefined
} {
  return { ...filters, matching: q, fromMs: from, toMs: to }
}

/** Filters of runs; what the service tells of itself is left out unless somebody asks for it. */
export function runFilterOf<Filters extends { q?: Query; kind?: RunKind; from?: number; to?: number }>(
  filters: Filters
): ReturnType<typeof filterOf<Filters>> & { isWithoutService: boolean } {
  const isAskedFor = filters.kind !== undefined || asksFor(filters.q, 'run.kind', 'service')
  return { ...filterOf(filters), isWithoutService: !isAskedFor }
}
