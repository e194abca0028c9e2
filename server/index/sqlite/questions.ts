import { Problem } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Argument, Caller, Result } from '../../worker-calls.ts'
import type { Reader } from './reader.ts'
import { tookTooLong } from './still-wanted.ts'

/** Questions, and who answers them: each reader one at a time, the others wait in order. */
export interface Questions {
  /**
   * Rejects at once when the signal is aborted; what waits then is never begun. The time that a question may take
   * begins here.
   */
  ask<Name extends keyof Reader & string>(
    name: Name,
    argument: Argument<Reader[Name]>,
    signal: AbortSignal | undefined
  ): Promise<Result<Reader[Name]>>
  /** Does something while no question is under way; meanwhile they wait. */
  pauseFor(work: () => Promise<void>): Promise<void>
  /** Rejects what waits, answers what is under way, and ends the readers. */
  close(): Promise<void>
}

type Turn = PromiseWithResolvers<Caller<Reader>>

/** No library's queue: from those, what waits cannot be taken out, or what is under way is lost sight of. */
export function openQuestions(readers: readonly Caller<Reader>[], questionMsMax: number): Questions {
  const idle = [...readers]
  const waiting = new Set<Turn>()
  const whenQuiet: (() => void)[] = []
  let isPaused = false
  let isClosed = false

  function beginSome(): void {
    for (const turn of waiting) {
      const reader = isPaused ? undefined : idle.pop()
      if (reader === undefined) return
      waiting.delete(turn)
      turn.resolve(reader)
    }
  }

  async function nextReader(signal: AbortSignal | undefined): Promise<Caller<Reader>> {
    const turn: Turn = Promise.withResolvers()
    waiting.add(turn)
    beginSome()
    const leave = (): void => {
      if (waiting.delete(turn)) turn.reject(signal?.reason)
    }
    signal?.addEventListener('abort', leave)
    try {
      return await turn.promise
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }

  function giveBack(reader: Caller<Reader>): void {
    idle.push(reader)
    beginSome()
    if (idle.length === readers.length) for (const resolve of whenQuiet.splice(0)) resolve()
  }

  /** Resolves when no question is under way. */
  async function quiet(): Promise<void> {
    if (idle.length < readers.length) await new Promise<void>((resolve) => whenQuiet.push(resolve))
  }

  return {
    async ask(name, argument, signal) {
      if (isClosed) throw closed()
      signal?.throwIfAborted()
      if (waiting.size >= limits.questionsWaitingMax)
        throw new Problem('overloaded', 'Too many questions wait for the index. Ask again later.')
      const askedMs = performance.now()
      const reader = await nextReader(signal)
      const waitedMs = performance.now() - askedMs
      const answer =
        waitedMs < questionMsMax
          ? reader.call(name, argument, { signal, waitedMs })
          : Promise.reject(tookTooLong(questionMsMax))
      const given = answer.finally(() => giveBack(reader))
      return await (signal === undefined ? given : untilAborted(given, signal))
    },
    async pauseFor(work) {
      isPaused = true
      try {
        await quiet()
        await work()
      } finally {
        isPaused = false
        beginSome()
      }
    },
    async close() {
      isClosed = true
      for (const turn of waiting) turn.reject(closed())
      waiting.clear()
      await quiet()
      await Promise.all(readers.map((reader) => reader.close()))
    }
  }
}

function closed(): Error {
  return new Error('the index is closed')
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
