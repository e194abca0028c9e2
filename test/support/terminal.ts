import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { onEnd } from './cleanup.ts'
import { eventually } from './eventually.ts'

const TERMINAL = fileURLToPath(new URL('terminal.py', import.meta.url))

/** A command on a terminal. */
export interface Terminal {
  /** Types, as with a keyboard: `\x03` is Ctrl-C. */
  type(text: string): void
  /** Waits until the terminal has shown this. */
  shows(text: string): Promise<void>
  /** Waits until the command has ended; resolves with all that was shown. */
  ended(): Promise<{ exitCode: number | null; shown: string }>
}

/** Starts a command on a terminal of its own, 120 characters wide and 10 lines high unless `size` says otherwise. */
export function startOnTerminal(
  t: TestContext,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  { rows = 10, columns = 120 } = {}
): Terminal {
  const child = spawn('python3', [TERMINAL, String(rows), String(columns), ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TERM: 'xterm', ...env }
  })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
  })
  const closed = once(child, 'close')
  onEnd(t, () => child.kill('SIGKILL'))
  return {
    type: (text) => void child.stdin.write(text),
    shows: async (text) => {
      await eventually(async () => (shown.includes(text) ? true : undefined))
    },
    ended: async () => {
      const [exitCode] = await closed
      return { exitCode, shown: shown.replaceAll('\r\n', '\n') }
    }
  }
}
