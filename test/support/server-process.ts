import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))

/** A server as a process of its own, as users start it. */
export interface ServerProcess {
  url: string
  pid: number
  /** Everything that it printed so far: its log, and what it says to people. */
  output(): string
  /** Its exit code, when it has ended, by itself or not. */
  ended: Promise<number | null>
  /** Ends it at once, without a chance to tidy up: kill -9. */
  kill(): Promise<void>
  /** Asks it to end (SIGTERM); resolves with its exit code. */
  stop(): Promise<number | null>
}

/** As `npm start`, the image and the unit of systemd start it. */
export const MEMORY = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  NODE_OPTIONS: '--max-semi-space-size=8'
}

/** Starts `playtrail serve` on a free port unless `listen` names one, of the program `main`, and waits until it says it is ready; `under` is a program that starts it; `onSpawn` gets the process before it is ready. */
export async function startServer(
  dataDir: string,
  {
    listen = '127.0.0.1:0',
    logLevel = 'info',
    store = 'sqlite',
    main = MAIN,
    env = {} as NodeJS.ProcessEnv,
    flags = [] as string[],
    under = [] as string[],
    onSpawn = (_child: ChildProcess): void => undefined
  } = {}
): Promise<ServerProcess> {
  const args = ['serve', '--listen', listen, '--data-dir', dataDir, '--store', store]
  const logging = ['--log-format', 'json', '--log-level', logLevel]
  return await startProcess([main, ...args, ...logging, ...flags], { env, under, onSpawn })
}

/** Starts `playtrail witness`, which watches the logs of these keys, in the same way. */
export async function startWitnessProcess(
  dataDir: string,
  { logs, listen = '127.0.0.1:0' }: { logs: readonly string[]; listen?: string }
): Promise<ServerProcess> {
  const watched = logs.flatMap((vkey) => ['--log', vkey])
  const args = ['witness', '--listen', listen, '--data-dir', dataDir, '--log-format', 'json', ...watched]
  return await startProcess([MAIN, ...args], {})
}

async function startProcess(
  args: readonly string[],
  {
    env = {},
    under = [],
    onSpawn
  }: {
    env?: NodeJS.ProcessEnv
    under?: readonly string[]
    onSpawn?: (child: ChildProcess) => void
  }
): Promise<ServerProcess> {
  const [program = '', ...before] = [...under, process.execPath]
  const child = spawn(program, [...before, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...MEMORY, ...env }
  })
  onSpawn?.(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const ended = once(child, 'close').then(() => child.exitCode)
  const url = await readyUrl(child, () => output)
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
    output: () => output,
    ended,
    kill: async () => {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM')
  }
}

/** The address in the log line that says it is ready, or in what else it says when it ends before. */
async function readyUrl(child: ChildProcess, output: () => string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const look = (): void => {
      const url = /"url":"([^"]+)".*"msg":"ready"/.exec(output())?.[1]
      if (url === undefined) return
      child.stdout?.off('data', look)
      resolve(url)
    }
    child.stdout?.on('data', look)
    child.once('close', () => reject(new Error(`the server ended before it was ready:\n${output()}`)))
  })
}
