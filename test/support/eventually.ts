import { setTimeout as pause } from 'node:timers/promises'

const LOOK_EVERY_MS = 50
const WAIT_MS_MAX = 60_000

/** Asks again and again until there is an answer; what fails meanwhile counts as none. Rejects after a minute. */
export async function eventually<Answer>(question: () => Promise<Answer | undefined>): Promise<Answer> {
  const end = performance.now() + WAIT_MS_MAX
  let failure: unknown
  while (performance.now() < end) {
    try {
      const answer = await question()
      if (answer !== undefined) return answer
    } catch (error) {
      failure = error
    }
    await pause(LOOK_EVERY_MS)
  }
  throw new Error(`there was no answer within ${WAIT_MS_MAX} ms`, { cause: failure })
}
