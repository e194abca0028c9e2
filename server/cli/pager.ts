import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { printable } from './printable.ts'
import { type Output, print, type Surroundings } from './surroundings.ts'

const DEFAULT_PAGER = ['less', '-FRX'] as const
/** What only a shell understands, as git has it; a command without is found, or not, before it has read anything. */
const NEEDS_SHELL = /[|&;<>()$`\\"'\n*?[#~=%]/
/** What a shell answers for a command that it cannot find, or not run. */
const SHELL_FAILURES: ReadonlySet<number | null> = new Set([126, 127])

/**
 * Does the work with a stdout that shows what is longer than the screen in the pager, as git does: `$PAGER`, or else
 * less. What is said on stderr waits until the pager has been left. Elsewhere than on a terminal, and with a pager of
 * `cat` or of nothing, all goes straight through.
 */
export async function withPager(
  surroundings: Surroundings,
  work: (surroundings: Surroundings) => Promise<void>
): Promise<void> {
  const { stdout, stderr, env } = surroundings
  const { isTTY, rows = 0 } = stdout
  if (!isTTY || rows === 0 || env.PAGER?.trim() === '' || env.PAGER === 'cat') return work(surroundings)
  let notes = ''
  const screen = createScreen(stdout, rows, env, (text) => {
    notes += text
  })
  const held: Output = {
    write: (text, done) => {
      notes += text
      done()
      return true
    },
    on: () => undefined,
    isTTY: stderr.isTTY,
    columns: stderr.columns
  }
  try {
    await work({ ...surroundings, stdout: screen.output, stderr: held })
  } finally {
    await screen.end()
    if (notes !== '') await print(stderr, notes)
  }
}

/** Keeps what fits on the screen; the line too many starts the pager. */
function createScreen(
  stdout: Output,
  rows: number,
  env: Surroundings['env'],
  note: (text: string) => void
): { output: Output; end(): Promise<void> } {
  const width = stdout.columns || Number.POSITIVE_INFINITY
  // The shell's prompt needs a row, too.
  const rowsMax = rows - 1
  let kept = ''
  let pager: Promise<Pager | undefined> | undefined

  const write = async (text: string): Promise<void> => {
    if (pager !== undefined) return writeTo(await pager, text)
    kept += text
    if (rowsOf(kept, width) <= rowsMax) return
    pager = startPager(env, note)
    await writeTo(await pager, kept)
  }
  const writeTo = (started: Pager | undefined, text: string): Promise<void> =>
    started === undefined ? print(stdout, text) : started.write(text)

  return {
    output: {
      write: (text, done) => {
        write(text).then(() => done(), done)
        return true
      },
      on: () => undefined,
      isTTY: true,
      columns: stdout.columns
    },
    end: async () => {
      if (pager === undefined) await print(stdout, kept)
      else await (await pager)?.end()
    }
  }
}

interface Pager {
  write(text: string): Promise<void>
  /** Resolves when it has been left. */
  end(): Promise<void>
}

/** Starts the pager; undefined where it is not there, which is noted if somebody asked for it. */
async function startPager(
  env: Surroundings['env'],
  note: (text: string) => void
): Promise<Pager | undefined> {
  const { PAGER } = env
  const isForShell = PAGER !== undefined && NEEDS_SHELL.test(PAGER)
  const [program = '', ...args] = isForShell ? [PAGER] : (PAGER?.trim().split(/\s+/) ?? DEFAULT_PAGER)
  const child = spawn(program, args, {
    shell: isForShell,
    stdio: ['pipe', 'inherit', 'inherit'],
    // As git does: colours are shown by a less that was not told otherwise.
    env: { LESS: 'FRX', ...env }
  })
  try {
    await once(child, 'spawn')
  } catch (error) {
    if (PAGER !== undefined)
      note(
        `The pager "${printable(PAGER)}" cannot be run (${codeOf(error)}): all is shown without one. PAGER names it.\n`
      )
    return undefined
  }
  return attendTo(child, PAGER ?? program)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

function attendTo(child: ChildProcess, name: string): Pager {
  const closed = once(child, 'close')
  // Ctrl-C is the pager's while it is there: it ends a search, and not what is shown.
  const leaveToPager = (): void => undefined
  process.on('SIGINT', leaveToPager)
  // write() hears of the same error.
  child.stdin?.on('error', () => undefined)
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        child.stdin?.write(text, (error) => (error ? reject(error) : resolve()))
      }),
    end: async () => {
      child.stdin?.end()
      const [exitCode] = await closed
      process.off('SIGINT', leaveToPager)
      if (!SHELL_FAILURES.has(exitCode)) return
      throw new Failure(
        exitCodes.usage,
        `The pager "${name}" cannot be run.`,
        'Set PAGER to one that is there, or use --no-pager.'
      )
    }
  }
}

/** Rows of the terminal that the text takes. */
function rowsOf(text: string, width: number): number {
  const lines = stripVTControlCharacters(text).split('\n')
  // What comes after the last line end is no row yet, unless there is something.
  if (lines.at(-1) === '') lines.pop()
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / width)), 0)
}
