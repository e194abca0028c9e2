import { CommanderError } from 'commander'
import { ConfigurationError } from '../config.ts'
import { Fatal } from '../errors.ts'
import { denialOf } from '../permissions.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { printable } from './printable.ts'
import { paintFor } from './style.ts'
import { OutputError, print, type Surroundings } from './surroundings.ts'

/** A command that cannot do what it was asked to: said in a sentence, with what to do about it. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: ExitCode
  readonly hint: string | undefined

  constructor(exitCode: ExitCode, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
    this.hint = hint
  }
}

/** Somebody ended, with Ctrl-C, what has no end of its own. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** Says on stderr what went wrong, if that is not said yet, and returns the exit code that says it to scripts. */
export async function reportFailure(error: unknown, { stderr, env }: Surroundings): Promise<ExitCode> {
  // Whoever read our output has enough of it, as in `playtrail runs | head`.
  if (isBrokenPipe(error)) return exitCodes.done
  if (error instanceof Interrupted) return exitCodes.interrupted
  // Commander has printed the help or the mistake itself.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage

  const paint = paintFor(stderr, env)
  const lines = explain(error).map((text) => printable(text))
  const [first = '', ...rest] = lines
  const text = [`${paint('red', 'playtrail:')} ${first}`, ...rest, ''].join('\n')
  // Where nobody reads stderr any more there is no one left to tell; the exit code still says it.
  await print(stderr, text).catch(() => undefined)
  return exitCodeOf(error)
}

function explain(error: unknown): string[] {
  if (error instanceof Failure) return [error.message, ...(error.hint === undefined ? [] : [error.hint])]
  if (error instanceof OutputError) return [error.message]
  if (error instanceof Fatal || error instanceof ConfigurationError) return error.message.split('\n')
  const denial = denialOf(error)
  if (denial !== undefined) return [denial]
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return ['a defect of Playtrail, please report it:', ...stack.split('\n')]
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof Failure) return error.exitCode
  return error instanceof ConfigurationError ? exitCodes.usage : exitCodes.refused
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE'
}
