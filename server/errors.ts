/**
 * Every failure a caller can meet, in one table: HTTP status, whether sending the same again can help, and
 * what to do about it. docs/api.md explains each one. Anything else that is thrown is a defect and answers
 * 500 `internal`.
 */
export const problems = {
  // A line of a batch.
  json_invalid: { status: 400, retry: false, title: 'The line is not a JSON object' },
  event_invalid: { status: 400, retry: false, title: 'The event does not follow the schema' },
  event_id_mismatch: { status: 400, retry: false, title: 'The event id does not match run and sequence' },
  provider_reserved: { status: 400, retry: false, title: 'The provider is the server itself' },
  event_too_large: { status: 413, retry: false, title: 'The event is too large' },
  event_conflict: { status: 409, retry: false, title: 'The event id was used before, with other content' },

  // A batch.
  batch_refused: { status: 400, retry: false, title: 'Every line was refused' },
  batch_empty: { status: 400, retry: false, title: 'The body holds no event' },
  batch_too_large: { status: 413, retry: false, title: 'The batch is too large' },
  gzip_invalid: { status: 400, retry: false, title: 'The body is not valid gzip' },
  body_incomplete: { status: 400, retry: true, title: 'The body ended early' },
  media_type_unsupported: { status: 415, retry: false, title: 'The content type is not supported' },
  encoding_unsupported: { status: 415, retry: false, title: 'The content encoding is not supported' },
  journal_full: { status: 503, retry: true, title: 'The disk is full' },
  overloaded: { status: 503, retry: true, title: 'Too much is waiting for the disk' },

  // A question.
  parameter_invalid: { status: 400, retry: false, title: 'A parameter is wrong' },
  cursor_invalid: { status: 400, retry: false, title: 'The cursor is not one of ours' },
  query_invalid: { status: 400, retry: false, title: 'The query cannot be understood' },
  query_too_costly: { status: 400, retry: false, title: 'The query asks for too much at once' },
  run_not_found: { status: 404, retry: false, title: 'No such run' },
  query_timeout: { status: 503, retry: false, title: 'The question took too long' },
  too_many_groups: { status: 400, retry: false, title: 'The answer would have too many groups' },
  host_not_found: { status: 404, retry: false, title: 'No such host' },
  task_not_found: { status: 404, retry: false, title: 'No such task' },
  run_ambiguous: { status: 409, retry: false, title: 'More than one run begins like this' },

  event_not_found: { status: 404, retry: false, title: 'No such event' },
  tile_not_found: { status: 404, retry: false, title: 'The log has no such tile' },
  not_sealed: { status: 503, retry: true, title: 'The event is not sealed yet' },
  not_acceptable: { status: 406, retry: false, title: 'None of the forms that are taken can be given' },
  too_many_clients: { status: 503, retry: true, title: 'Too many clients are told what happens' },
  too_many_exports: { status: 503, retry: true, title: 'Too many exports are under way' },
  index_unavailable: { status: 503, retry: true, title: 'The index cannot be asked now' },

  // A checkpoint for a witness.
  checkpoint_invalid: { status: 400, retry: false, title: 'The request holds no checkpoint' },
  checkpoint_unsigned: { status: 403, retry: false, title: 'The log did not sign the checkpoint' },
  log_unknown: { status: 404, retry: false, title: 'The witness does not watch this log' },
  checkpoint_not_found: { status: 404, retry: false, title: 'The witness has cosigned none of this log' },
  root_conflict: { status: 409, retry: false, title: 'The log signed two trees of one size' },
  checkpoint_too_large: { status: 413, retry: false, title: 'The request is too large' },
  proof_invalid: { status: 422, retry: false, title: 'The consistency proof does not hold' },
  checkpoint_not_kept: { status: 503, retry: true, title: 'The checkpoint could not be written down' },

  // Any request.
  token_missing: { status: 401, retry: false, title: 'A token is needed' },
  token_unknown: { status: 401, retry: false, title: 'The token is not known' },
  tokens_unreadable: { status: 503, retry: true, title: 'The tokens cannot be read' },
  role_forbidden: { status: 403, retry: false, title: 'The token must not do this' },
  route_not_found: { status: 404, retry: false, title: 'No such route' },
  method_not_allowed: { status: 405, retry: false, title: 'The route does not take this method' },
  request_timeout: { status: 408, retry: true, title: 'The request took too long to arrive' },
  head_too_large: { status: 431, retry: false, title: 'Path, parameters or headers are too large' },
  request_invalid: { status: 400, retry: false, title: 'The request cannot be understood' },
  internal: { status: 500, retry: true, title: 'An error of the server' }
} as const

export type ProblemCode = keyof typeof problems

/** An expected failure. `detail` says what was expected, what came, and what to do. */
export class Problem extends Error {
  readonly code: ProblemCode
  /** Further members of the answer, such as `rejected` (RFC 9457, section 3.2). */
  readonly members: Record<string, unknown>

  constructor(
    code: ProblemCode,
    detail: string,
    members: Record<string, unknown> = {},
    options?: ErrorOptions
  ) {
    super(detail, options)
    this.name = 'Problem'
    this.code = code
    this.members = members
  }
}

/** The answer to a request that failed: RFC 9457, `application/problem+json`. */
export interface ProblemDocument {
  type: string
  title: string
  status: number
  code: ProblemCode
  detail: string
  [member: string]: unknown
}

export function problemDocument(problem: Problem): ProblemDocument {
  const { status, title } = problems[problem.code]
  return {
    type: `https://playtrail.example/problems/${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.message,
    ...problem.members
  }
}

/** Something that keeps the service from starting or going on, said to the operator without a stack. */
export class Fatal extends Error {
  override readonly name = 'Fatal'
}
