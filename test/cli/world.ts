import { Writable } from 'node:stream'
import { Command } from 'commander'
import { runCommandLine } from '../../server/cli/command-line.ts'
import { deadLettersCommand } from '../../server/cli/dead-letters.ts'
import { eventsCommand } from '../../server/cli/events.ts'
import type { ExitCode } from '../../server/cli/exit-codes.ts'
import { runsCommand } from '../../server/cli/runs.ts'
import { showCommand } from '../../server/cli/show.ts'
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
}

/** Runs a command line as `playtrail` would, within this process. */
export async function playtrail(args: readonly string[], world: World = {}): Promise<Ran> {
  return await run(args, world, program)
}

/** The same, of commands that `build` makes. */
export async function run(
  args: readonly string[],
  { env = {}, columns }: World,
  build: (surroundings: Surroundings) => Command
): Promise<Ran> {
  const stdout = collector(columns)
  const stderr = collector(columns)
  const surroundings: Surroundings = { stdout, stderr, env, now: () => NOW }
  const exitCode = await runCommandLine(build(surroundings), ['node', 'playtrail', ...args], surroundings)
  return { exitCode, stdout: stdout.text, stderr: stderr.text }
}

export function program(surroundings?: Surroundings): Command {
  return new Command('playtrail')
    .addCommand(runsCommand(surroundings))
    .addCommand(showCommand(surroundings))
    .addCommand(eventsCommand(surroundings))
    .addCommand(deadLettersCommand(surroundings))
}

class Collector extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8')
    done()
  }
}

function collector(columns: number | undefined): Collector & Output {
  return Object.assign(new Collector(), { isTTY: columns !== undefined, columns })
}
