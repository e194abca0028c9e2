import type { IndexedEvent } from '../../client/types.ts'
import { actorCell, timeSpan } from './cells.ts'
import { shortId } from './run-id.ts'
import type { Cell, Column } from './table.ts'
import { whatHappened } from './what-happened.ts'

export const changeColumns: readonly Column[] = [
  { title: 'WHEN' },
  { title: 'TASK', isFlexible: true },
  { title: 'FILES', isFlexible: true },
  { title: 'PLAYBOOK', isFlexible: true },
  { title: 'USER', isFlexible: true },
  { title: 'RUN' }
]

/** A result that changed something: what, where, in which run, and by whom. */
export function changeRow(event: IndexedEvent, now: Date): Cell[] {
  const paths = (event.ansible?.diff ?? []).flatMap(({ path }) => path ?? [])
  return [
    [timeSpan(event['@timestamp'], now)],
    whatHappened(event),
    [...new Set(paths)].join(', '),
    event.run?.name ?? '',
    actorCell(event),
    shortId(event.run?.id ?? '')
  ]
}
