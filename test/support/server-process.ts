import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))

/** A server as a process of its own, as users start it. */
export interface ServerProcess {
  url: string
  pid: number
  /** Ends it at once, without a chance to tidy up: kill -9. */
  kill(): Promise<void>
  /** Asks it to end (SIGTERM); resolves with its exit code. */
  stop(): Promise<number | null>
}

/** Starts `playtrail serve` on a free port unless `listen` names one, and waits until it says it is ready. */
export async function startServer(dataDir: string, { listen = '127.0.0.1:0' } = {}): Promise<ServerProcess> {
  const child = spawn(
    process.execPath,
    [MAIN, 'serve', '--listen', listen, '--data-dir', dataDir, '--log-format', 'json'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: process.env.HOME }
    }
  )
  child.stderr.resume()
  const url = await readyUrl(child)
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const exit = once(child, 'exit')
    child.kill(signal)
    await exit
    return child.exitCode
  }
  return {
    url,
    pid: child.pid ?? 0,
    kill: async () => {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM')
  }
}

async function readyUrl(child: ChildProcess): Promise<string> {
  const lines: string[] = []
  if (child.stdout === null) throw new Error('the server has no output')
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    const { msg, url } = JSON.parse(line)
    if (msg !== 'ready') continue
    // What it says from here on is not looked at, but has to be taken off the pipe.
    child.stdout.resume()
    return url
  }
  throw new Error(`the server did not start:\n${lines.join('\n')}`)
}
