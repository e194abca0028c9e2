import { readFileSync, writeFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { type ServerProcess, startServer } from '../../support/server-process.ts'
import { filledFolder } from './folder.ts'
import { historyOf } from './history.ts'
import { settled } from './settled.ts'

const EVENTS = Number(process.env.BENCH_EXPORT_EVENTS ?? 1_000_000)
const MEDIA_TYPE = 'application/x-ndjson'
const NEWLINE = 10
const SLOW_BYTES_A_SECOND = 200_000
const SLOW_SECONDS = 20
const SLICE_MS = 100

/** All events as NDJSON, read as fast as they come and slowly, and what memory of the server that takes. */
export async function measureExport(): Promise<void> {
  const folder = await filledFolder(String(EVENTS), historyOf(EVENTS))
  console.log(`\n  export of ${folder.events} events as NDJSON; MiB is what the server has at most`)
  await withServer(folder, 'read as it comes', async (url) => {
    const response = await exported(url)
    if (response === undefined) return 'GET /v1/events does not answer as NDJSON'
    const started = performance.now()
    let [bytes, lines] = [0, 0]
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1
    }
    const seconds = (performance.now() - started) / 1_000
    if (lines !== folder.events) throw new Error(`${lines} of ${folder.events} events were exported`)
    return `${(lines / seconds).toFixed(0)} events/s, ${(bytes / 2 ** 20 / seconds).toFixed(0)} MiB/s`
  })
  await withServer(folder, `read at ${SLOW_BYTES_A_SECOND / 1_000} kB/s`, async (url) => {
    const response = await exported(url)
    if (response === undefined) return 'GET /v1/events does not answer as NDJSON'
    const bytes = await readSlowly(response)
    return `${(bytes / 1e6).toFixed(1)} MB read within ${SLOW_SECONDS} s`
  })
}

/** A server that was just started, so that its memory is that of this work. */
async function withServer(
  folder: { path: string; events: number },
  name: string,
  work: (url: string) => Promise<string>
): Promise<void> {
  const server = await startServer(folder.path)
  try {
    await settled(server)
  } finally {
    await server.stop()
  }
  const fresh = await startServer(folder.path)
  try {
    const idle = memoryMiB(fresh, 'VmRSS')
    // 5 makes the kernel forget the peak so far (proc(5)).
    writeFileSync(`/proc/${fresh.pid}/clear_refs`, '5')
    const outcome = await work(fresh.url)
    console.log(`  ${name.padEnd(20)}${outcome}, ${memoryMiB(fresh, 'VmHWM')} MiB (before: ${idle})`)
  } finally {
    await fresh.stop()
  }
}

async function exported(url: string): Promise<IncomingMessage | undefined> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${url}/v1/events`, { headers: { accept: MEDIA_TYPE }, agent: false }, resolve).on('error', reject)
  })
  const type = response.headers['content-type'] ?? ''
  if (response.statusCode === 200 && type.startsWith(MEDIA_TYPE)) return response
  response.destroy()
  return undefined
}

/** Takes so many bytes a second that the connection is always full. Returns how many. */
async function readSlowly(response: IncomingMessage): Promise<number> {
  const started = performance.now()
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (performance.now() - started > SLOW_SECONDS * 1_000) break
    while (bytes > (SLOW_BYTES_A_SECOND * (performance.now() - started)) / 1_000) await pause(SLICE_MS)
  }
  return bytes
}

function memoryMiB({ pid }: ServerProcess, name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
  return Math.round(Number(kib ?? 0) / 1_024)
}
