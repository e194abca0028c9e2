import { Fatal } from '../errors.ts'

/** Errors lose their class on the way between threads; this code says that it was a Fatal. */
const FATAL_CODE = 'PLAYTRAIL_FATAL'

/** The same function; the other side of a thread knows its Fatal as one. */
export function marked<Argument, Result>(
  called: (argument: Argument) => Result
): (argument: Argument) => Result {
  return (argument) => {
    try {
      return called(argument)
    } catch (error) {
      throw error instanceof Fatal ? Object.assign(error, { code: FATAL_CODE }) : error
    }
  }
}

export function isFatal(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === FATAL_CODE
}
