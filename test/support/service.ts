import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { readConfig } from '../../server/config.ts'
import { type Service, startService } from '../../server/service.ts'
import { onEnd } from './cleanup.ts'
import { temporaryFolder } from './folder.ts'

/** A service of the test's own, on a free port of loopback, with a new data folder unless one is given. */
export async function runningService(
  t: TestContext,
  dataDir = temporaryFolder(t),
  { store = 'sqlite', diskReserve = '0' } = {}
): Promise<Service> {
  const config = readConfig({ listen: '127.0.0.1:0', dataDir, store, diskReserve }, {})
  const service = await startService(config, pino({ level: 'silent' }), (error) => {
    throw error
  })
  onEnd(t, () => service.stop())
  return service
}

export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came
  body: any
}

/** Sends `body` to POST /v1/events, as NDJSON unless the headers say otherwise. */
export async function post(
  service: Service,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {}
): Promise<Answer> {
  return await answerOf(
    await fetch(`${service.url}/v1/events`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-ndjson', ...headers }
    })
  )
}

export async function get(
  service: Service,
  path: string,
  headers: Record<string, string> = {}
): Promise<Answer> {
  return await answerOf(await fetch(`${service.url}${path}`, { headers }))
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
}
