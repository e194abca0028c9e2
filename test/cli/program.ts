import { runCommandLine } from '../../server/cli/command-line.ts'
import { createProgram } from '../../server/cli/program.ts'

// As main.ts, which sets the umask of a process that keeps records.
process.exitCode = await runCommandLine(createProgram(), process.argv)
