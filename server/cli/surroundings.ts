/** Where text goes: process.stdout, or any stream. */
export interface Output {
  write(text: string, done: (error?: Error | null) => void): boolean
  on(event: 'error', listener: (error: Error) => void): unknown
  /** True for a terminal. */
  isTTY?: boolean | undefined
  /** Width of the terminal, in characters. */
  columns?: number | undefined
  /** Its height, in lines. */
  rows?: number | undefined
}

/** All that a command knows of the world around it, so that tests can be the world. */
export interface Surroundings {
  stdout: Output
  stderr: Output
  env: NodeJS.ProcessEnv
  now(): Date
  /** Aborted by Ctrl-C, which from now on does nothing else; the second one ends the process. */
  untilInterrupted(): AbortSignal
}

export function processSurroundings(): Surroundings {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    now: () => new Date(),
    untilInterrupted: () => {
      const interruption = new AbortController()
      process.once('SIGINT', () => interruption.abort())
      return interruption.signal
    }
  }
}

/** What was to be shown did not get where it should go, as on a disk that is full. */
export class OutputError extends Error {
  override readonly name = 'OutputError'

  constructor(cause: Error) {
    super(`The output cannot be written: ${cause.message}.`, { cause })
  }
}

/**
 * Writes `text`, and waits until the stream has taken it: a slow reader slows the command down instead of
 * filling its memory. A reader that left rejects with EPIPE, all else that goes wrong with OutputError.
 */
export function print(output: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => (error ? reject(outputError(error)) : resolve()))
  })
}

/** The error as print() tells it. */
export function outputError(error: Error): Error {
  if (error instanceof OutputError) return error
  return 'code' in error && error.code === 'EPIPE' ? error : new OutputError(error)
}

/** Width to fit into; undefined where the output is no terminal, and nothing may be cut. */
export function widthOf(output: Output): number | undefined {
  // Some terminals, of CI systems above all, say that they have no columns.
  return output.isTTY === true && output.columns !== 0 ? output.columns : undefined
}
