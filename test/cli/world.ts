import { Writable } from 'node:stream'
import type { Command } from 'commander'
import { runCommandLine } from '../../server/cli/command-line.ts'
import type { ExitCode } from '../../server/cli/exit-codes.ts'
import { createProgram } from '../../server/cli/program.ts'
import type { Output, Surroundings } from '../../server/cli/surroundings.ts'
import { NOW } from './documents.ts'

export interface Ran {
  exitCode: ExitCode
  stdout: string
  stderr: string
}

export interface World {
  env?: NodeJS.ProcessEnv
  /** Width of the terminal; without it, the output is no terminal. */
  columns?: number
  /** Ctrl-C is pressed once this was shown. */
  interruptAt?: RegExp
}

/** Runs a command line as `playtrail` would, within this process. */
export async function playtrail(args: readonly string[], world: World = {}): Promise<Ran> {
  return await run(args, world, createProgram)
}

/** The same, of commands that `build` makes. */
export async function run(
  args: readonly string[],
  { env = {}, columns, interruptAt }: World,
  build: (surroundings: Surroundings) => Command
): Promise<Ran> {
  const interruption = new AbortController()
  const stdout = collector(columns)
  const stderr = collector(columns)
  const look = (): void => {
    if (interruptAt?.test(stdout.text + stderr.text)) interruption.abort()
  }
  for (const output of [stdout, stderr]) output.onShown = look
  const surroundings: Surroundings = {
    stdout,
    stderr,
    env,
    now: () => NOW,
    untilInterrupted: () => interruption.signal
  }
  const exitCode = await runCommandLine(build(surroundings), ['node', 'playtrail', ...args], surroundings)
  return { exitCode, stdout: stdout.text, stderr: stderr.text }
}

class Collector extends Writable {
  text = ''
  onShown: () => void = () => undefined
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8')
    done()
    this.onShown()
  }
}

function collector(columns: number | undefined): Collector & Output {
  return Object.assign(new Collector(), { isTTY: columns !== undefined, columns })
}
