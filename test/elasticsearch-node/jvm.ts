import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Build } from './build.ts'
import type { Jdk } from './requirements.ts'

const OUTPUT_CHARS_MAX = 64 * 1_024
const STOP_MS_MAX = 15_000

export interface Jvm {
  pid: number
  /** Where it listens, as `host:port`. */
  http: string
  transport: string
  /** What it warned of so far. */
  output(): string
  /** Sends a signal; resolves when the process ended, or at once for a signal that ends nothing. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Ends its standard input, the end of a node whose data is not kept. */
  end(): Promise<void>
}

/** What is told to the JVM itself; the settings of the node come after it. */
export interface JvmOptions {
  jdk: Jdk
  build: Build
  heapMiB: number
  /** Options of the JVM besides these. */
  flags?: readonly string[]
}

/** Starts the JVM, and waits until the node in it listens and, if it can, has a master. */
export async function startJvm(
  { jdk, build, heapMiB, flags = [] }: JvmOptions,
  settings: Readonly<Record<string, string>>
): Promise<Jvm> {
  const child = spawn(
    join(jdk.home, 'bin/java'),
    [
      ...[`-Xms${heapMiB}m`, `-Xmx${heapMiB}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      '--enable-native-access=ALL-UNNAMED',
      ...(jdk.version >= 23 ? ['--sun-misc-unsafe-memory-access=allow'] : []),
      // The library with vector instructions is not published.
      '-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false',
      `-Des.nativelibs.path=${build.nativeDir}`,
      ...flags,
      ...['-cp', build.classPath, 'Main'],
      ...Object.entries(settings).map(([name, value]) => `${name}=${value}`)
    ],
    // In a process group of its own, so that Ctrl-C reaches only us: the node learns it from its standard input.
    { stdio: ['pipe', 'pipe', 'pipe'], detached: true }
  )
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-OUTPUT_CHARS_MAX)
  })
  const { http, transport } = await addresses(child, () => output)
  return {
    pid: child.pid ?? 0,
    http,
    transport,
    output: () => output,
    kill: async (signal) => {
      if (!isRunning(child)) return
      if (signal === 'SIGTERM') child.kill('SIGCONT')
      child.kill(signal)
      if (signal === 'SIGTERM' || signal === 'SIGKILL') await ended(child)
    },
    end: async () => {
      if (!isRunning(child)) return
      child.kill('SIGCONT')
      child.stdin.end()
      await ended(child)
    }
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

async function ended(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
  await once(child, 'exit')
  clearTimeout(late)
}

/** The first line that the launcher prints, once the node is up. */
async function addresses(
  child: ReturnType<typeof spawn>,
  output: () => string
): Promise<{ http: string; transport: string }> {
  return await new Promise((resolve, reject) => {
    if (child.stdout === null) throw new Error('the node has no standard output')
    createInterface(child.stdout).once('line', (line) => resolve(JSON.parse(line)))
    child.once('error', reject)
    child.once('close', (status) =>
      reject(new Error(`the Elasticsearch node ended (${status}) before it was ready:\n${output()}`))
    )
  })
}
