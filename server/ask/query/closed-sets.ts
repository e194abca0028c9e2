import ecs from '../../../schemas/ecs.schema.json' with { type: 'json' }
import { resultStatuses, runStatuses } from '../../index/store.ts'
import { nearest } from '../nearest.ts'
import { STATUS } from './fields.ts'
import { QueryMistake } from './mistake.ts'

/** What kinds of events there are. */
export const actions: readonly string[] = ecs.$defs.event.properties.action.enum

/** How a result, or a run, can stand. */
export const statuses = [...new Set([...resultStatuses, ...runStatuses])]

/** Fields whose values are these and no others. */
const closedSets: Readonly<Record<string, readonly string[]>> = {
  [STATUS]: statuses,
  'ansible.result.status': resultStatuses,
  'run.status': runStatuses,
  'event.action': actions
}

/** The values that a field can have; undefined where there is no end to them. */
export function valuesOf(field: string): readonly string[] | undefined {
  return Object.hasOwn(closedSets, field) ? closedSets[field] : undefined
}

/** Throws QueryMistake if the field never has this value: it would find nothing, and NOT of it everything. */
export function checkValue(field: string, value: string): void {
  const values = valuesOf(field)
  if (values === undefined || values.includes(value)) return
  const close = nearest(value, values)
  const hint = close === undefined ? '' : ` Did you mean "${close}"?`
  throw new QueryMistake(`${field} is never "${value}".${hint} It is one of ${values.join(', ')}.`)
}
