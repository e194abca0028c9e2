import { Problem } from '../errors.ts'
import { limits } from '../limits.ts'

/** What whoever asks for a summary of too many things is told; `what` says of which. */
export function tooManyGroups(what: string): Problem {
  const groupsMax = limits.groupsMax.toLocaleString('en')
  return new Problem(
    'too_many_groups',
    `The answer would have more than ${groupsMax} ${what}. Narrow from, to or q.`
  )
}
