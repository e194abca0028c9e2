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

/**
 * Writes `text`, and waits until the stream has taken it: a slow reader slows the command down instead of
 * filling its memory, and a reader that left (EPIPE) rejects.
 */
export function print(output: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

/** Width to fit into; undefined where the output is no terminal, and nothing may be cut. */
export function widthOf(output: Output): number | undefined {
  // Some terminals, of CI systems above all, say that they have no columns.
  return output.isTTY === true && output.columns !== 0 ? output.columns : undefined
}
