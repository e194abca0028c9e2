#!/usr/bin/env node
import { Command } from 'commander'
import { runCommandLine } from './cli/command-line.ts'
import { deadLettersCommand } from './cli/dead-letters.ts'
import { eventsCommand } from './cli/events.ts'
import { exitCodes } from './cli/exit-codes.ts'
import { journalCommand } from './cli/journal-dump.ts'
import { keyCommand } from './cli/key.ts'
import { proofCommand } from './cli/proof.ts'
import { reconcileCommand } from './cli/reconcile.ts'
import { reindexCommand } from './cli/reindex.ts'
import { runsCommand } from './cli/runs.ts'
import { serveCommand } from './cli/serve.ts'
import { setupCommand } from './cli/setup.ts'
import { showCommand } from './cli/show.ts'
import { tokenCommand } from './cli/token.ts'
import { verifyCommand } from './cli/verify.ts'
import { version } from './version.ts'

// What is written here is evidence and tokens: for its owner alone, whatever the folder allows.
process.umask(0o077)

const program = new Command('playtrail')
  .description(
    'The audit trail of operations work: who did what, when, from where, on which hosts, what changed, how it ended.'
  )
  .version(version)
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 refused or not found, 2 called wrongly, 3 the service cannot be reached.'
  )
  .addCommand(serveCommand())
  .addCommand(runsCommand())
  .addCommand(showCommand())
  .addCommand(eventsCommand())
  .addCommand(tokenCommand())
  .addCommand(keyCommand())
  .addCommand(verifyCommand())
  .addCommand(proofCommand())
  .addCommand(setupCommand())
  .addCommand(reindexCommand())
  .addCommand(reconcileCommand())
  .addCommand(journalCommand())
  .addCommand(deadLettersCommand())

const exitCode = await runCommandLine(program, process.argv)
// `serve` goes on after its action, and has its own way to end.
if (exitCode !== exitCodes.done) process.exitCode = exitCode
