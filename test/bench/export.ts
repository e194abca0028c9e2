import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { ready } from './events.ts'

const EVENTS = Number(process.env.BENCH_EVENTS ?? 1_000_000)
const EVENT_BYTES = 1_000
const BATCH = 500
const SLOW_SECONDS = 20
const SLOW_BYTES_A_SECOND = 256 * 1024

const exports = {
  NDJSON: ['/v1/events', 'application/x-ndjson'],
  'NDJSON, three fields': [
    '/v1/events?fields=@timestamp,host.name,ansible.result.status',
    'application/x-ndjson'
  ],
  CSV: ['/v1/events', 'text/csv']
} as const

/** How fast all events are exported, and what memory of the server that takes; also for a client that reads slowly. */
export async function benchExport(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'playtrail-bench-'))
  try {
    await load(dataDir)
    console.log(`  ${EVENTS} events of 1 KB`)
    for (const [name, [path, accept]] of Object.entries(exports)) {
      await measured(dataDir, async (server, memory) => {
        const started = performance.now()
        const { bytes, lines } = await read(await stream(server, path, accept))
        const seconds = (performance.now() - started) / 1_000
        const [perSecond, MiB] = [lines / seconds, bytes / 2 ** 20]
        console.log(
          `  ${name.padEnd(22)}${perSecond.toFixed(0)} events/s, ${MiB.toFixed(0)} MiB in ${seconds.toFixed(1)} s, memory ${memory()} MiB at most`
        )
      })
    }
    await measured(dataDir, async (server, memory) => {
      const response = await stream(server, '/v1/events', 'application/x-ndjson')
      await readSlowly(response)
      console.log(`  a slow reader         memory ${memory()} MiB at most in ${SLOW_SECONDS} s`)
    })
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function load(dataDir: string): Promise<void> {
  const server = await startServer(dataDir)
  try {
    for (let sent = 0; sent < EVENTS; sent += BATCH) {
      const run = runId()
      const events = Array.from({ length: BATCH }, (_, sequence) => {
        const event = resultEvent(run, sequence, `web-${String(sequence % 20).padStart(2, '0')}`)
        const missing = EVENT_BYTES - JSON.stringify(event).length
        if (event.ansible?.result !== undefined && missing > 0)
          event.ansible.result.stdout = 'x'.repeat(missing)
        return event
      })
      const headers = { 'content-type': 'application/x-ndjson' }
      const answer = await fetch(`${server.url}/v1/events`, { method: 'POST', body: ndjson(events), headers })
      if (!answer.ok) throw new Error(await answer.text())
      await answer.arrayBuffer()
    }
    while ((await ready(server.url)).index.lag > 0) await pause(50)
  } finally {
    await server.stop()
  }
}

/** Starts the server anew, so that its memory is that of what is measured. */
async function measured(
  dataDir: string,
  work: (server: ServerProcess, memory: () => string) => Promise<void>
): Promise<void> {
  const server = await startServer(dataDir)
  try {
    const idle = resident(server.pid, 'VmRSS')
    // 5 makes the kernel count the peak from now on.
    writeFileSync(`/proc/${server.pid}/clear_refs`, '5')
    await work(server, () => `${resident(server.pid, 'VmHWM')} (idle: ${idle})`)
  } finally {
    await server.stop()
  }
}

function stream(server: ServerProcess, path: string, accept: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(`${server.url}${path}`, { headers: { accept }, agent: false }, resolve).on('error', reject)
  })
}

async function read(response: IncomingMessage): Promise<{ bytes: number; lines: number }> {
  let [bytes, lines] = [0, 0]
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++
  }
  return { bytes, lines }
}

async function readSlowly(response: IncomingMessage): Promise<void> {
  const end = performance.now() + SLOW_SECONDS * 1_000
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (performance.now() > end) break
    if (bytes < SLOW_BYTES_A_SECOND) continue
    bytes = 0
    await pause(1_000)
  }
}

function resident(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
  return Math.round(Number(kib ?? 0) / 1_024)
}
