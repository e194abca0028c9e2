import { AnswerError, ProblemError, UnreachableError } from '../../client/errors.ts'
import { type ProblemCode, problems } from '../errors.ts'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'

/** Problems that are mistakes in the call. */
const misuses: ReadonlySet<string> = new Set([
  'parameter_invalid',
  'cursor_invalid',
  'query_invalid',
  'query_too_costly',
  'too_many_groups'
])

const hints: Readonly<Record<string, string>> = {
  run_not_found: 'playtrail runs shows those there are.',
  run_ambiguous: 'Give more of the id; playtrail runs --json shows ids in full.',
  host_not_found: 'playtrail hosts shows those there are; its --host takes a *.',
  route_not_found: 'The server may be older than this command: playtrail --version says how new that is.'
}

/** What went wrong between the client and the server, in words for people; anything else as it is. */
export function explained(error: unknown): unknown {
  if (error instanceof ProblemError) return refused(error)
  if (error instanceof UnreachableError)
    return new Failure(
      exitCodes.unreachable,
      error.message,
      'Start it with: npm start, or name another with --url.',
      { cause: error }
    )
  if (error instanceof AnswerError)
    return new Failure(exitCodes.refused, error.message, 'Name the server with --url, or in PLAYTRAIL_URL.')
  return error
}

function refused(error: ProblemError): Failure {
  const exitCode = misuses.has(error.code) ? exitCodes.usage : exitCodes.refused
  return new Failure(exitCode, error.message, hintFor(error), { cause: error })
}

function isKnown(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code)
}

function hintFor({ status, code, asked }: ProblemError): string | undefined {
  if (status === 401 && asked.isAnonymous)
    return 'Set PLAYTRAIL_TOKEN to a reader’s token, or PLAYTRAIL_TOKEN_FILE to a file that holds it.'
  if (status === 401 || status === 403)
    return 'Set PLAYTRAIL_TOKEN, or PLAYTRAIL_TOKEN_FILE, to the token of a reader of this server.'
  if (hints[code] !== undefined) return hints[code]
  // A newer server may have problems that this table does not know.
  return isKnown(code) && problems[code].retry ? 'Trying again may help.' : undefined
}
