#!/usr/bin/env node
import { runCommandLine } from './cli/command-line.ts'
import { exitCodes } from './cli/exit-codes.ts'
import { programOfQuestion } from './cli/questions.ts'

// What is written here is evidence and tokens: for its owner alone, whatever the folder allows.
process.umask(0o077)

// Whoever asks does not wait for the service to be loaded.
const program = programOfQuestion(process.argv[2]) ?? (await import('./cli/program.ts')).createProgram()
const exitCode = await runCommandLine(program, process.argv)
// `serve` goes on after its action, and has its own way to end.
if (exitCode !== exitCodes.done) process.exitCode = exitCode
