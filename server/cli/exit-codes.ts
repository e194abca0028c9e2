/** What the command line tells its caller. Scripts rely on these numbers: they never change their meaning. */
export const exitCodes = {
  /** The command did what it was asked to; also when a list is empty. */
  done: 0,
  /** The answer is no, or the command failed: no such run, the token was refused, an error of the server. */
  refused: 1,
  /** The command was called wrongly: an unknown option, a value or a setting that cannot be. */
  usage: 2,
  /** The server could not be reached, or did not answer in time. Trying again may help. */
  unreachable: 3,
  /** Ctrl-C ended what has no end of its own: 128 and the number of the signal, as a shell says it. */
  interrupted: 130
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
