import { runCommandLine } from '../../server/cli/command-line.ts'
import { program } from './world.ts'

// The commands under test in a process of their own, without those that need a data folder.
process.exitCode = await runCommandLine(program(), process.argv)
