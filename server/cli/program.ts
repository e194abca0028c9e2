import type { Command } from 'commander'
import { completenessCommand } from './completeness.ts'
import { completionCommand } from './completion.ts'
import { deadLettersCommand } from './dead-letters.ts'
import { journalCommand } from './journal-dump.ts'
import { keyCommand } from './key.ts'
import { proofCommand } from './proof.ts'
import { emptyProgram, questions } from './questions.ts'
import { reconcileCommand } from './reconcile.ts'
import { reindexCommand } from './reindex.ts'
import { serveCommand } from './serve.ts'
import { setupCommand } from './setup.ts'
import { processSurroundings, type Surroundings } from './surroundings.ts'
import { tokenCommand } from './token.ts'
import { verifyCommand } from './verify.ts'
import { witnessCommand } from './witness.ts'

/** `playtrail` with all its commands. */
export function createProgram(surroundings: Surroundings = processSurroundings()): Command {
  const program = emptyProgram()
  const groups: [title: string, commands: Command[]][] = [
    ['The service:', [serveCommand()]],
    ['What was recorded:', questions.map((question) => question(surroundings))],
    [
      'To check and to prove it:',
      [verifyCommand(), completenessCommand(surroundings), proofCommand(), keyCommand(), witnessCommand()]
    ],
    [
      'To operate it:',
      [
        tokenCommand(),
        setupCommand(),
        reindexCommand(),
        reconcileCommand(surroundings),
        journalCommand(),
        deadLettersCommand(surroundings),
        completionCommand(surroundings)
      ]
    ]
  ]
  for (const [title, commands] of groups) {
    program.commandsGroup(title)
    for (const command of commands) program.addCommand(command)
  }
  return program
}
