import { limits } from '../../limits.ts'
import { hasTooManyBuckets, isPassing, statusOf, unavailable } from './failures.ts'
import { type Asking, tookTooLong } from './search.ts'
import { tooManyBuckets } from './summaries/groups.ts'

interface AskedIndex extends Pick<Asking, 'client' | 'names'> {
  questionMsMax: number | undefined
  /** Whether there must be events, so that an index that is not there is lost. */
  expectsEvents(): Promise<boolean>
}

/**
 * The answer to a question, within the time that one may take. `nothing` is that of an index that has no event yet.
 * Throws Problem, or what the signal was aborted with.
 */
export async function answerOf<Answer>(
  { client, names, questionMsMax = limits.questionMsMax, expectsEvents }: AskedIndex,
  nothing: Answer,
  signal: AbortSignal | undefined,
  question: (asking: Asking) => Promise<Answer>
): Promise<Answer> {
  const deadline = AbortSignal.timeout(questionMsMax)
  const either = AbortSignal.any(signal === undefined ? [deadline] : [deadline, signal])
  try {
    return await question({ client, names, signal: either, questionMsMax })
  } catch (error) {
    signal?.throwIfAborted()
    if (deadline.aborted) throw tookTooLong(questionMsMax)
    if (hasTooManyBuckets(error)) throw tooManyBuckets()
    // The data stream is made by the first event. Once there was one, an answer without it would be a lie.
    if (statusOf(error) === 404 && !(await expectsEvents())) return nothing
    if (isPassing(error) || statusOf(error) === 404) throw unavailable(error)
    throw error
  }
}
