import PQueue from 'p-queue'
import { Problem } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Argument, Caller, Result } from './calls.ts'
import type { Reader } from './reader.ts'

/** Questions, and who answers them: each reader one at a time, the others wait in order. */
export interface Questions {
  /** Rejects at once when the signal is aborted; what waits then is never begun. */
  ask<Name extends keyof Reader & string>(
    name: Name,
    argument: Argument<Reader[Name]>,
    signal: AbortSignal | undefined
  ): Promise<Result<Reader[Name]>>
  /** Does something while no question is under way; meanwhile they wait. */
  pauseFor(work: () => Promise<void>): Promise<void>
  /** Answers what was asked, and ends the readers. */
  close(): Promise<void>
}

export function openQuestions(readers: readonly Caller<Reader>[]): Questions {
  const queue = new PQueue({ concurrency: readers.length })
  const idle = [...readers]
  let isClosed = false

  return {
    async ask(name, argument, signal) {
      if (isClosed) throw new Error('the index is closed')
      signal?.throwIfAborted()
      if (queue.size >= limits.questionsWaitingMax)
        throw new Problem('overloaded', 'Too many questions wait for the index. Ask again later.')
      const answer = queue.add(async () => {
        const reader = idle.pop()
        if (reader === undefined)
          throw new Error('index: more questions are under way than there are readers')
        try {
          return await reader.call(name, argument, { signal })
        } finally {
          idle.push(reader)
        }
      })
      return await (signal === undefined ? answer : untilAborted(answer, signal))
    },
    async pauseFor(work) {
      queue.pause()
      try {
        await queue.onPendingZero()
        await work()
      } finally {
        queue.start()
      }
    },
    async close() {
      isClosed = true
      await queue.onIdle()
      await Promise.all(readers.map((reader) => reader.close()))
    }
  }
}

/** The answer, or the rejection as soon as the signal is aborted. */
async function untilAborted<Answer>(answer: Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const leave = (): void => reject(signal.reason)
  signal.addEventListener('abort', leave)
  try {
    return await Promise.race([answer, aborted])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
