import type { estypes } from '@elastic/elasticsearch'
import type { Condition, Like, Query, Range, Searched } from './ast.ts'
import { field, groupFields, STATUS, STATUS_FIELDS, textFields } from './fields.ts'
import { addressOf, BEFORE_ALL, BEHIND_ALL } from './ip.ts'

type Clause = estypes.QueryDslQueryContainer

/** `@timestamp` in microseconds, which Elasticsearch's own dates do not have. */
const TIME = 'playtrail.time'
const TIMESTAMP = '@timestamp'

/** A query as Elasticsearch is asked it, to be used where nothing is scored. */
export function toElasticsearch(query: Query, of: Searched = 'events'): Clause {
  const clauseOf = (part: Query): Clause => toElasticsearch(part, of)
  switch (query.type) {
    case 'all':
      return { match_all: {} }
    case 'and':
      return { bool: { filter: query.of.map(clauseOf) } }
    case 'or':
      return anyOf(query.of.map(clauseOf))
    case 'not':
      return { bool: { must_not: [clauseOf(query.of)] } }
    default:
      return conditionClause(query, of)
  }
}

function conditionClause(condition: Condition, of: Searched): Clause {
  if ('field' in condition && condition.field === STATUS) return statusClause(condition, of)
  switch (condition.type) {
    case 'exists': {
      // Elasticsearch knows groups as well, but counts in what queries do not see.
      const group = groupFields(condition.field)
      if (group.length === 0) return { exists: { field: condition.field } }
      return anyOf(group.map(({ name }) => ({ exists: { field: name } })))
    }
    case 'equals':
    case 'is':
      return { term: { [condition.field]: { value: condition.value } } }
    case 'like':
      return likeClause(condition)
    case 'range':
      return rangeClause(condition, of)
    case 'words':
      // Taken apart already: as a text they come to the same words again.
      return inTexts(condition.field, (name) => ({ match_phrase: { [name]: condition.words.join(' ') } }))
    case 'word-like':
      return inTexts(condition.field, (name) => ({ wildcard: { [name]: { value: condition.pattern } } }))
  }
}

/** A label with a name takes no wildcard query, and all that conditions.ts lets through are beginnings. */
function likeClause({ field: name, pattern }: Like): Clause {
  if (field(name).kind !== 'labels') return { wildcard: { [name]: { value: pattern } } }
  const beginning = pattern.slice(0, -1).replaceAll(/\\(.)/gsu, '$1')
  return { prefix: { [name]: { value: beginning } } }
}

function rangeClause({ field: name, from, to }: Range, of: Searched): Clause {
  const { kind } = field(name)
  if (kind === 'ip') return addressRange(name, from, to)
  const isTime = name === TIMESTAMP && of === 'events'
  if (kind === 'date' && !isTime) {
    // Rounded inwards, since the index has no more than milliseconds.
    const limits = {
      ...(from !== undefined && { gte: Math.ceil(Number(from) / 1000) }),
      ...(to !== undefined && { lte: Math.floor(Number(to) / 1000) })
    }
    return { range: { [name]: { ...limits, format: 'epoch_millis' } } }
  }
  const limits = {
    ...(from !== undefined && { gte: Number(from) }),
    ...(to !== undefined && { lte: Number(to) })
  }
  return { range: { [isTime ? TIME : name]: limits } }
}

function addressRange(name: string, from: Range['from'], to: Range['to']): Clause {
  if (from === BEHIND_ALL || to === BEFORE_ALL) return { bool: { must_not: [{ match_all: {} }] } }
  const limits = {
    ...(from !== undefined && { gte: addressOf(String(from)) }),
    ...(to !== undefined && { lte: addressOf(String(to)) })
  }
  return { range: { [name]: limits } }
}

/** Of an event that has both fields the first one counts. */
function statusClause(condition: Condition, of: Searched): Clause {
  const [ofResult, ofRun] = STATUS_FIELDS.map((name) => conditionClause({ ...condition, field: name }, of))
  if (ofResult === undefined || ofRun === undefined) throw new Error('query: a status is one of two fields')
  const hasResult = { exists: { field: STATUS_FIELDS[0] } }
  return anyOf([ofResult, { bool: { filter: [ofRun], must_not: [hasResult] } }])
}

function inTexts(name: string | undefined, clauseOf: (name: string) => Clause): Clause {
  if (name !== undefined) return clauseOf(name)
  return anyOf(textFields.map((one) => clauseOf(one.name)))
}

function anyOf(should: Clause[]): Clause {
  return { bool: { should, minimum_should_match: 1 } }
}
