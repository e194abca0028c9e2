/**
 * One thing in which the index and the journal do not agree.
 *
 * `missing`: the journal has it, the index has not. `changed`: the index has it otherwise. `added`: the index has
 * it, and says that it comes from this journal, which knows nothing of it. `doubled`: one document more of something
 * that is there. `unclaimed`: it says that it comes from a journal that never wrote to this index.
 */
export interface Difference {
  document: 'event' | 'result' | 'run' | 'cursor'
  kind: 'missing' | 'changed' | 'added' | 'doubled' | 'unclaimed'
  /** `event.id`, the result's key, `run.id`, or the journal whose cursor it is. */
  id: string
  /** The record of the journal that says so, if there is one. */
  record?: number
  /** Where the document lies in the index. */
  place?: string
  /** Fields that differ. */
  fields?: string[]
}
