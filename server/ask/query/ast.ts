/**
 * A query as it is understood: what `q` says, with every name looked up and every value read. Plain objects, so
 * that it can be handed to another thread. What each of them matches is defined by evaluate.ts; the stores'
 * translations (to-sql.ts, to-elasticsearch.ts) have to agree with it.
 *
 * `field` is the name of a field of fields.ts. A field with several values fits a condition if one of them does.
 * A field that is not there fits none, so that `not` matches the documents without it.
 */
export type Query = All | And | Or | Not | Condition

export type Condition = ValueCondition | TextCondition
export type ValueCondition = Exists | Equals | Like | Is | Range
export type TextCondition = Words | WordLike

/** Every document. */
export interface All {
  type: 'all'
}

export interface And {
  type: 'and'
  /** Two or more. */
  of: readonly Query[]
}

export interface Or {
  type: 'or'
  /** Two or more. */
  of: readonly Query[]
}

export interface Not {
  type: 'not'
  of: Query
}

/** The field has a value. `field` may also be a group, such as `ansible.diff`: one of its fields has a value. */
export interface Exists {
  type: 'exists'
  field: string
}

/** The whole value, letter by letter. Of a keyword field or of labels. */
export interface Equals {
  type: 'equals'
  field: string
  value: string
}

/** The whole value fits a pattern (patterns.ts), upper and lower case told apart. Of a keyword field or of labels. */
export interface Like {
  type: 'like'
  field: string
  pattern: string
}

/** Of a boolean field. */
export interface Is {
  type: 'is'
  field: string
  value: boolean
}

/**
 * from ≤ value ≤ to, as far as there are such limits. Of numbers themselves; of dates in microseconds since 1970;
 * of addresses the keys that ip.ts makes of them.
 */
export interface Range {
  type: 'range'
  field: string
  from?: number | string
  to?: number | string
}

/** These words one directly after the other, within one value. Of a text field; without a field: of any of them. */
export interface Words {
  type: 'words'
  field?: string
  /** As words.ts makes them, one or more. */
  words: readonly string[]
}

/** A word that fits a pattern, which is in lower case. Of a text field; without a field: of any of them. */
export interface WordLike {
  type: 'word-like'
  field?: string
  pattern: string
}

export function and(...of: Query[]): Query {
  const parts = of.flatMap((query) => (query.type === 'and' ? query.of : [query]))
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : { type: 'and', of: parts }
}

export function or(...of: Query[]): Query {
  const parts = of.flatMap((query) => (query.type === 'or' ? query.of : [query]))
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : { type: 'or', of: parts }
}

export function not(of: Query): Query {
  return of.type === 'not' ? of.of : { type: 'not', of }
}

/** What a query is asked of. `@timestamp` of an event is compared by microseconds, and all other times by milliseconds. */
export type Searched = 'events' | 'runs'
