import { setImmediate } from 'node:timers/promises'
import type { Command } from 'commander'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { reportFailure } from './failure.ts'
import { explained } from './refusal.ts'
import { outputError, processSurroundings, type Surroundings } from './surroundings.ts'

/**
 * Runs the command that `argv` (as in process.argv) names, and returns the exit code. Never throws and never
 * ends the process: what is still to be written gets written. A command that goes on after its
 * action, as `serve` does, goes on; set process.exitCode only from a code other than 0.
 */
export async function runCommandLine(
  program: Command,
  argv: readonly string[],
  surroundings: Surroundings = processSurroundings()
): Promise<ExitCode> {
  // A stream without a listener would end the process with a stack. Not all that is written is waited for by print().
  let lost: Error | undefined
  surroundings.stdout.on('error', (error) => {
    lost ??= outputError(error)
  })
  surroundings.stderr.on('error', () => undefined)
  prepare(program, surroundings)
  const exitCode = await codeOf(program.parseAsync([...argv]), surroundings)
  // Streams tell of what went wrong a moment later.
  await setImmediate()
  return exitCode === exitCodes.done && lost !== undefined ? reportFailure(lost, surroundings) : exitCode
}

async function codeOf(parsed: Promise<unknown>, surroundings: Surroundings): Promise<ExitCode> {
  try {
    await parsed
    return exitCodes.done
  } catch (error) {
    return reportFailure(explained(error), surroundings)
  }
}

/** Lets commander throw instead of exit, write where we are told to, and point to the help of the very command. */
function prepare(command: Command, surroundings: Surroundings, parents = ''): void {
  const path = `${parents}${command.name()}`
  const { stdout, stderr } = surroundings
  command
    .exitOverride()
    .showHelpAfterError(`Try: ${path} --help`)
    .configureOutput({
      // print() cannot be awaited here; the stream keeps what is written to it until the process ends.
      writeOut: (text) => void stdout.write(text, () => undefined),
      writeErr: (text) => void stderr.write(text, () => undefined)
    })
  for (const child of command.commands) prepare(child, surroundings, `${path} `)
}
