import { type MessagePort, type Transferable, Worker } from 'node:worker_threads'

/** What can be asked of a worker: functions of one argument, which is copied or moved there. */
export type Calls<Names extends string> = Record<Names, (argument: never) => unknown>

interface Question {
  id: number
  name: string
  argument: unknown
}

interface Answer {
  id: number
  value?: unknown
  error?: { message: string; code: string | undefined }
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

const CLOSE = 'close'

/** A worker seen from outside. It is started by the first call, and again by the next one if it has died. */
export interface Caller<Functions> {
  /** Calls that have no answer yet. */
  readonly waiting: number
  /** Rejects if the function throws, or if the worker dies before it has answered. */
  call<Name extends keyof Functions & string>(
    name: Name,
    argument: Argument<Functions[Name]>,
    moved?: Transferable[]
  ): Promise<Result<Functions[Name]>>
  /** Lets the worker answer what it was asked, and waits for its end. */
  close(): Promise<void>
}

type Argument<Called> = Called extends (argument: infer Given) => unknown ? Given : never
type Result<Called> = Called extends (argument: never) => infer Returned ? Returned : never

/** `whose` says in messages which part of the service the worker belongs to. */
export function openCaller<Functions>(file: URL, workerData: unknown, whose = 'index'): Caller<Functions> {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let asked = 0
  let isClosed = false

  function start(): Worker {
    const started = new Worker(file, { workerData })
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
    get waiting() {
      return waiting.size
    },
    async call(name, argument, moved = []) {
      if (isClosed) throw new Error(`the ${whose} is closed`)
      worker ??= start()
      const question: Question = { id: asked++, name, argument }
      worker.postMessage(question, moved)
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      waiting.set(question.id, { resolve, reject })
      // The worker answers with what its function of this name returned.
      return promise as Promise<Result<Functions[typeof name]>>
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
export function answerCalls(port: MessagePort, functions: Calls<string>, onClose: () => void): void {
  port.on('message', (message: Question | typeof CLOSE) => {
    if (message === CLOSE) {
      onClose()
      port.close()
      return
    }
    port.postMessage(answerTo(message, functions))
  })
}

function answerTo({ id, name, argument }: Question, functions: Calls<string>): Answer {
  try {
    return { id, value: functions[name]?.(argument as never) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    // Errors lose their own fields on the way between threads.
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
    return { id, error: { message, code } }
  }
}

function settle(waiting: Map<number, Waiting>, { id, value, error }: Answer, whose: string): void {
  const call = waiting.get(id)
  waiting.delete(id)
  if (error === undefined) call?.resolve(value)
  else call?.reject(Object.assign(new Error(`${whose}: ${error.message}`), { code: error.code }))
}
