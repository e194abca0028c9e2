/**
 * The load generator, a process of its own: `node load.ts URL SECONDS CONNECTIONS EVENTS_A_BATCH`.
 * Bodies are made beforehand; before each request only the run's id in them is replaced. Prints one JSON line.
 */
import { Agent, request } from 'node:http'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { quantile } from './statistics.ts'

const [url = '', seconds = '10', connections = '8', eventsABatch = '100'] = process.argv.slice(2)
const WARM_UP_MS = 2_000
/** Bytes of one event, about what a real result with some output has. */
const EVENT_BYTES = 1_000

const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) })
const endpoint = new URL('/v1/events', url)
const started = performance.now()
const warmUntil = started + WARM_UP_MS
const until = warmUntil + Number(seconds) * 1_000
const latencies: number[] = []
let acknowledged = 0

await Promise.all(Array.from({ length: Number(connections) }, send))
agent.destroy()
const elapsed = (performance.now() - warmUntil) / 1_000
console.log(
  JSON.stringify({
    acknowledged,
    perSecond: acknowledged / elapsed,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    max: Math.max(...latencies)
  })
)

async function send(): Promise<void> {
  const { body, places } = template()
  while (performance.now() < until) {
    const id = runId()
    for (const place of places) body.write(id, place, 'latin1')
    const before = performance.now()
    const accepted = await post(body)
    const after = performance.now()
    if (accepted !== Number(eventsABatch))
      throw new Error(`${accepted} of ${eventsABatch} events were accepted`)
    if (before < warmUntil) continue
    latencies.push(after - before)
    acknowledged += accepted
  }
}

/** A batch, and where in it the run's id stands. */
function template(): { body: Buffer; places: number[] } {
  const run = runId()
  const events = Array.from({ length: Number(eventsABatch) }, (_, sequence) => {
    const event = resultEvent(run, sequence, `web-${String(sequence % 20).padStart(2, '0')}`)
    const missing = EVENT_BYTES - JSON.stringify(event).length
    if (event.ansible?.result !== undefined && missing > 0) event.ansible.result.stdout = 'x'.repeat(missing)
    return event
  })
  const body = Buffer.from(ndjson(events))
  const places: number[] = []
  for (let at = body.indexOf(run); at !== -1; at = body.indexOf(run, at + 1)) places.push(at)
  return { body, places }
}

function post(body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-ndjson', 'content-length': body.length }
    const sent = request(endpoint, { method: 'POST', agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text).accepted)
        else reject(new Error(`${response.statusCode}: ${text}`))
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
