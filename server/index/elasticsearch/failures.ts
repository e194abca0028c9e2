import { errors } from '@elastic/elasticsearch'
import { Problem } from '../../errors.ts'

/** HTTP status of a failed request, or undefined if there was no answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof errors.ResponseError ? error.statusCode : undefined
}

/** Why a request failed, in words for the operator. */
export function reasonOf(error: unknown): string {
  if (error instanceof errors.TimeoutError) return 'Elasticsearch did not answer in time'
  if (error instanceof errors.ConnectionError) return `Elasticsearch cannot be reached: ${error.message}`
  const status = statusOf(error)
  if (status === 401)
    return 'Elasticsearch does not know the API key (401). Make a new one (docs/elasticsearch.md, Keys), put it into the file that PLAYTRAIL_ELASTICSEARCH_API_KEY_FILE names, and start the service again'
  if (status === 403) return `the API key must not do this (403): ${messageOf(error)}`
  if (status !== undefined) return `Elasticsearch answered ${status}: ${messageOf(error)}`
  return messageOf(error)
}

/** True if the failure says nothing about what was asked: asking again later can help. */
export function isPassing(error: unknown): boolean {
  const status = statusOf(error)
  if (status === undefined) return error instanceof errors.ElasticsearchClientError
  return status === 401 || status === 403 || status === 408 || status === 429 || status >= 500
}

/** What Elasticsearch says of a request in which one document is such that it looks at none of them. */
const OF_DOCUMENTS = new Set([
  'action_request_validation_exception',
  'illegal_argument_exception',
  'parsing_exception',
  'parse_exception',
  'x_content_parse_exception',
  'json_parse_exception',
  'stream_constraints_exception'
])

/** True if a bulk request was refused as a whole because of what is in it. */
export function isAboutDocuments(error: unknown): boolean {
  if (!(error instanceof errors.ResponseError) || error.statusCode !== 400) return false
  return OF_DOCUMENTS.has(detailsOf(error).type ?? '')
}

/** True if the answer would have more buckets than Elasticsearch gives at once. */
export function hasTooManyBuckets(error: unknown): boolean {
  return (
    error instanceof errors.ResponseError && detailsOf(error).caused_by?.type === 'too_many_buckets_exception'
  )
}

/** What someone who asks is told when Elasticsearch does not answer. */
export function unavailable(error: unknown): Problem {
  const detail = `${reasonOf(error)}. Events are kept all the same; ask again later.`
  return new Problem('index_unavailable', detail, {}, { cause: error })
}

interface Details {
  type?: string
  reason?: string
  caused_by?: { type?: string }
}

/** What the body of an answer says; some answers have none, or only a text. */
function detailsOf(error: errors.ResponseError): Details {
  const { body } = error as { body?: { error?: Details | string } }
  return typeof body?.error === 'object' ? body.error : {}
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof errors.ResponseError) {
    const { type, reason } = detailsOf(error)
    if (type !== undefined && reason !== undefined) return `${type}: ${reason}`
  }
  // The first line says it; the rest repeats the body.
  return error.message.split('\n')[0] ?? error.message
}
