/**
 * The load generator, a process of its own: `node load.ts URL SECONDS CONNECTIONS EVENTS_A_BATCH [EVENTS_A_SECOND]`.
 *
 * Each connection sends one playbook run after the other, as shippers do. The bodies are made beforehand; before each
 * request only the run's id in them is replaced. With EVENTS_A_SECOND the batches are sent at an even pace, and a latency
 * counts from when its batch was due, so that a server that falls behind cannot hide it; without, each connection sends
 * the next batch when the one before was answered. Prints one JSON line.
 */
import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { ndjson, runId } from '../support/events.ts'
import { estate } from './query/estate.ts'
import { randomFrom } from './query/random.ts'
import { runEvents } from './query/run-events.ts'
import { eventsOf, planRun } from './query/run-plan.ts'
import { texts } from './query/texts.ts'
import { quantile } from './statistics.ts'

const [url = '', seconds = '10', connections = '8', eventsABatch = '100', perSecond = '0'] =
  process.argv.slice(2)
const WARM_UP_MS = 3_000
/** About as many as a playbook of 50 tasks on 50 hosts has. */
const EVENTS_A_RUN = 2_500

/** 100 events, say, of a run, and where in them its id stands. */
interface Batch {
  body: Buffer
  events: number
  places: number[]
}

const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) })
const endpoint = new URL('/v1/events', url)
const everyMs = (1_000 * Number(eventsABatch) * Number(connections)) / Number(perSecond)
const runs = Array.from({ length: Number(connections) }, (_, connection) => batchesOf(connection))
const started = performance.now()
const warmUntil = started + WARM_UP_MS
const until = warmUntil + Number(seconds) * 1_000
const latencies: number[] = []
let acknowledged = 0

await Promise.all(runs.map(send))
agent.destroy()
const elapsed = (performance.now() - warmUntil) / 1_000
console.log(
  JSON.stringify({
    perSecond: acknowledged / elapsed,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    max: Math.max(...latencies)
  })
)

async function send(batches: readonly Batch[], connection: number): Promise<void> {
  let due = started + (Number.isFinite(everyMs) ? (everyMs * connection) / Number(connections) : 0)
  for (;;) {
    const id = runId()
    for (const { body, events, places } of batches) {
      for (const place of places) body.write(id, place, 'latin1')
      if (Number.isFinite(everyMs)) await pause(Math.max(0, due - performance.now()))
      else due = performance.now()
      if (performance.now() >= until) return
      await post(body, events)
      if (due >= warmUntil) {
        latencies.push(performance.now() - due)
        acknowledged += events
      }
      due += everyMs
    }
  }
}

/** A run of a playbook that is large enough, in batches. */
function batchesOf(connection: number): Batch[] {
  const random = randomFrom(connection)
  const place = estate()
  const large = place.playbooks.filter(({ plays }) => eventsOf(plays) >= EVENTS_A_RUN)
  const plan = planRun(place, random.pick(large), Date.now(), EVENTS_A_RUN, random)
  const events = runEvents(plan, random, texts())
  const batches: Batch[] = []
  for (let at = 0; at < events.length; at += Number(eventsABatch)) {
    const some = events.slice(at, at + Number(eventsABatch))
    const body = Buffer.from(ndjson(some))
    batches.push({ body, events: some.length, places: placesOf(body, plan.run.id) })
  }
  return batches
}

function placesOf(body: Buffer, id: string): number[] {
  const places: number[] = []
  for (let at = body.indexOf(id); at !== -1; at = body.indexOf(id, at + 1)) places.push(at)
  return places
}

function post(body: Buffer, events: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-ndjson', 'content-length': body.length }
    const sending = request(endpoint, { method: 'POST', agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        const accepted = response.statusCode === 200 ? JSON.parse(text).accepted : 0
        if (accepted === events) resolve()
        else
          reject(new Error(`${accepted} of ${events} events were accepted: ${response.statusCode} ${text}`))
      })
    })
    sending.on('error', reject)
    sending.end(body)
  })
}
