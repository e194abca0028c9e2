import { Command } from 'commander'
import { version } from '../version.ts'
import { compareCommand } from './compare.ts'
import { driftCommand } from './drift.ts'
import { eventsCommand } from './events.ts'
import { hostCommand } from './host.ts'
import { hostsCommand } from './hosts.ts'
import { playbooksCommand } from './playbooks.ts'
import { runsCommand } from './runs.ts'
import { showCommand } from './show.ts'
import type { Surroundings } from './surroundings.ts'
import { tailCommand } from './tail.ts'
import { tasksCommand } from './tasks.ts'
import { usersCommand } from './users.ts'

/** The commands that ask a server, in the order in which they are met. */
export const questions: readonly ((surroundings?: Surroundings) => Command)[] = [
  runsCommand,
  showCommand,
  compareCommand,
  hostsCommand,
  hostCommand,
  playbooksCommand,
  tasksCommand,
  usersCommand,
  eventsCommand,
  driftCommand,
  tailCommand
]

/** The program, without a command. */
export function emptyProgram(): Command {
  return new Command('playtrail')
    .description(
      'The audit trail of operations work: who did what, when, from where, on which hosts, what changed, how it ended.'
    )
    .version(version)
    .addHelpText(
      'after',
      `
Exit codes: 0 done, 1 refused or not found, 2 called wrongly, 3 the service cannot be reached, 130 ended by Ctrl-C.
What asks takes the service from --url or PLAYTRAIL_URL, and a reader’s token from PLAYTRAIL_TOKEN or
PLAYTRAIL_TOKEN_FILE.`
    )
}

/** The program with that question alone; undefined if it is none. Loading all of it takes half a second more. */
export function programOfQuestion(name: string | undefined): Command | undefined {
  const command = questions.map((question) => question()).find((question) => question.name() === name)
  return command === undefined ? undefined : emptyProgram().addCommand(command)
}
