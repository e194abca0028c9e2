import { type MessagePort, type Transferable, Worker } from 'node:worker_threads'
import { Problem } from './errors.ts'

/** What can be asked of a worker: functions of one argument, which is copied or moved there. */
export type Calls<Names extends string> = Record<Names, (argument: never) => unknown>

interface Question {
  id: number
  name: string
  argument: unknown
  /** Not 0 as soon as nobody wants the answer any more. */
  left: SharedArrayBuffer | undefined
  waitedMs: number
}

interface Answer {
  id: number
  value?: unknown
  error?: { message: string; code: string | undefined; problem?: Pick<Problem, 'code' | 'members'> }
}

interface CallOptions {
  moved?: Transferable[]
  /** Tells the worker that the answer is no longer wanted; the call rejects when the worker has stopped. */
  signal?: AbortSignal | undefined
  /** How long ago it was asked for. */
  waitedMs?: number
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

const CLOSE = 'close'

/** A worker's new objects, which live for a call. Node would let them have three times as much, of each worker. */
const YOUNG_MIB_MAX = 16

/** A worker seen from outside. It is started by the first call, and again by the next one if it has died. */
export interface Caller<Functions> {
  /** Rejects if the function throws, or if the worker dies before it has answered. */
  call<Name extends keyof Functions & string>(
    name: Name,
    argument: Argument<Functions[Name]>,
    options?: CallOptions
  ): Promise<Result<Functions[Name]>>
  /** Lets the worker answer what it was asked, and waits for its end. */
  close(): Promise<void>
}

export type Argument<Called> = Called extends (argument: infer Given) => unknown ? Given : never
export type Result<Called> = Called extends (argument: never) => infer Returned ? Returned : never

/** `whose` says in messages which part of the service the worker belongs to. */
export function openCaller<Functions>(file: URL, workerData: unknown, whose: string): Caller<Functions> {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let asked = 0
  let isClosed = false

  function start(): Worker {
    const started = new Worker(file, {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB_MAX }
    })
    let cause: unknown
    started.on('message', (answer: Answer) => settle(waiting, answer, whose))
    started.on('error', (error) => {
      cause = error
    })
    started.on('exit', (code) => {
      worker = undefined
      const reason = cause instanceof Error ? cause.message : `exit code ${code}`
      for (const { reject } of waiting.values()) {
        reject(new Error(`the ${whose}'s worker ended: ${reason}`, { cause }))
      }
      waiting.clear()
    })
    return started
  }

  return {
    async call(name, argument, { moved = [], signal, waitedMs = 0 } = {}) {
      if (isClosed) throw new Error(`the ${whose} is closed`)
      signal?.throwIfAborted()
      worker ??= start()
      const left = signal && new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
      const leave = (): void => void (left && Atomics.store(new Int32Array(left), 0, 1))
      signal?.addEventListener('abort', leave)
      const question: Question = { id: asked++, name, argument, left, waitedMs }
      worker.postMessage(question, moved)
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      waiting.set(question.id, { resolve, reject })
      try {
        // The worker answers with what its function of this name returned.
        return (await promise) as Result<Functions[typeof name]>
      } finally {
        signal?.removeEventListener('abort', leave)
      }
    },
    async close() {
      isClosed = true
      if (worker === undefined) return
      const ended = new Promise((resolve) => worker?.once('exit', resolve))
      worker.postMessage(CLOSE)
      await ended
    }
  }
}

/** The worker's side: answers calls one after the other, until it is told to close. */
export function answerCalls(port: MessagePort, functions: Calls<string>, events: WorkerEvents): void {
  port.on('message', (message: Question | typeof CLOSE) => {
    if (message === CLOSE) {
      events.onClose()
      port.close()
      return
    }
    events.onQuestion?.(message.left && new Int32Array(message.left), message.waitedMs)
    port.postMessage(answerTo(message, functions))
  })
}

export interface WorkerEvents {
  /** Before a question is answered; the number is no longer 0 when nobody wants the answer any more. */
  onQuestion?: ((left: Int32Array | undefined, waitedMs: number) => void) | undefined
  onClose(): void
}

function answerTo({ id, name, argument }: Question, functions: Calls<string>): Answer {
  try {
    return { id, value: functions[name]?.(argument as never) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    // Errors lose their class and their own fields on the way between threads.
    if (error instanceof Problem) {
      const { code, members } = error
      return { id, error: { message, code, problem: { code, members } } }
    }
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
    return { id, error: { message, code } }
  }
}

function settle(waiting: Map<number, Waiting>, { id, value, error }: Answer, whose: string): void {
  const call = waiting.get(id)
  waiting.delete(id)
  if (error === undefined) call?.resolve(value)
  else call?.reject(errorOf(error, whose))
}

function errorOf({ message, code, problem }: NonNullable<Answer['error']>, whose: string): Error {
  if (problem !== undefined) return new Problem(problem.code, message, problem.members)
  return Object.assign(new Error(`${whose}: ${message}`), { code })
}
