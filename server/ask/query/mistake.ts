/** What is wrong with a query, in words for whoever wrote it. parse.ts makes a Problem of it. */
export class QueryMistake extends Error {
  override readonly name = 'QueryMistake'
  /** Where in the query it is, counted from 0; undefined where the term at hand is meant. */
  readonly at: number | undefined
  /** Set where the query is understood, and refused for what it would cost. */
  readonly isTooCostly: boolean

  constructor(message: string, { at, isTooCostly = false }: { at?: number; isTooCostly?: boolean } = {}) {
    super(message)
    this.at = at
    this.isTooCostly = isTooCostly
  }
}
