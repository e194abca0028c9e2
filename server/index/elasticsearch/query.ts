import type { estypes } from '@elastic/elasticsearch'

/** The conditions of a question; all must hold. */
export interface Conditions {
  readonly clauses: estypes.QueryDslQueryContainer[]
  equal(field: string, value: string | undefined): void
  /** `*` in the text stands for any characters; case matters. */
  like(field: string, text: string | undefined): void
  /** from ≤ field < to, in microseconds, as far as there are such limits. */
  between(field: string, times: { fromMs?: number | undefined; toMs?: number | undefined }): void
  add(clause: estypes.QueryDslQueryContainer): void
}

export function conditions(): Conditions {
  const clauses: estypes.QueryDslQueryContainer[] = []
  return {
    clauses,
    equal(field, value) {
      if (value !== undefined) clauses.push({ term: { [field]: { value } } })
    },
    like(field, text) {
      if (text !== undefined) clauses.push(likeClause(field, text))
    },
    between(field, { fromMs, toMs }) {
      // Milliseconds may have a fraction.
      const from = fromMs === undefined ? undefined : Math.round(fromMs * 1000)
      const to = toMs === undefined ? undefined : Math.round(toMs * 1000)
      if (from === undefined && to === undefined) return
      clauses.push({
        range: { [field]: { ...(from !== undefined && { gte: from }), ...(to !== undefined && { lt: to }) } }
      })
    },
    add(clause) {
      clauses.push(clause)
    }
  }
}

export function likeClause(field: string, text: string): estypes.QueryDslQueryContainer {
  if (!text.includes('*')) return { term: { [field]: { value: text } } }
  // `?` and the backslash have a meaning in a wildcard query, and none in ours.
  return { wildcard: { [field]: { value: text.replaceAll(/[?\\]/g, '\\$&').replaceAll(/\*+/g, '*') } } }
}
