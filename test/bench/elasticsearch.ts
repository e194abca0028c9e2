import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from '@elastic/elasticsearch'
import type { Event } from '../../server/event-types.ts'
import { namesOf, writeNamesOf } from '../../server/index/elasticsearch/names.ts'
import { operationsOf, type RecordOperations } from '../../server/index/elasticsearch/operations.ts'
import { addChanges, emptyFold, sourceOf } from '../../server/index/elasticsearch/run-fold.ts'
import { setUp } from '../../server/index/elasticsearch/setup.ts'
import { startNode, whyNoNode } from '../elasticsearch-node/launch.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { journalIn } from '../support/journal.ts'
import { startServer } from '../support/server-process.ts'
import { ready } from './events.ts'
import { median, spread } from './statistics.ts'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const EVENTS = Number(process.env.BENCH_EVENTS ?? 50_000)
const BURST = 200_000
const EVENTS_A_RUN = 1_000
const EVENTS_A_BULK = 2_000
const ONE_BY_ONE = 2_000
const CONNECTIONS = 8
const EVENTS_A_BATCH = 100
const HEAP_MIB = 1_024
const LOOK_EVERY_MS = 20

interface Round {
  plain: number
  playtrail: number
  oneByOne: number
}

/**
 * Events indexed a second into a real node on the same cores: by a shell loop of curl that sends prepared `_bulk`
 * bodies of the same documents, by a server that copies its journal, and one document a request.
 */
export async function benchElasticsearch(): Promise<void> {
  const reason = whyNoNode()
  if (reason !== undefined) throw new Error(reason)
  const folder = mkdtempSync(join(tmpdir(), 'playtrail-bench-'))
  const node = await startNode({ heapMiB: HEAP_MIB })
  const client = new Client({ node: node.url, maxRetries: 0 })
  try {
    await setUp(client, { namespace: 'default' })
    await setUp(client, { namespace: 'plain' })
    const rounds: Round[] = []
    // The first one warms up the node, and is not counted.
    for (let round = 0; round <= ROUNDS; round++) {
      const dataDir = join(folder, `data-${round}`)
      const bodies = await prepare(dataDir, join(folder, `bodies-${round}`))
      const isTurned = round % 2 === 1
      const first = isTurned ? await byServer(node.url, dataDir) : await byCurl(node.url, bodies)
      const second = isTurned ? await byCurl(node.url, bodies) : await byServer(node.url, dataDir)
      const [plain, playtrail] = isTurned ? [second, first] : [first, second]
      const oneByOne = await byRequest(node.url)
      rmSync(dataDir, { recursive: true })
      for (const body of bodies) rmSync(body)
      if (round === 0) continue
      rounds.push({ plain, playtrail, oneByOne })
      console.log(
        `  round ${round}: curl ${plain.toFixed(0)} events/s, Playtrail ${playtrail.toFixed(0)}, one by one ${oneByOne.toFixed(0)}`
      )
    }
    report(rounds)
    await burst(node.url, join(folder, 'burst'))
  } finally {
    await client.close()
    await node.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function report(rounds: readonly Round[]): void {
  console.log(
    `  ${EVENTS} events of 1 KB in runs of ${EVENTS_A_RUN}, ${ROUNDS} rounds, median (range), events a second:`
  )
  console.log(`  curl, prepared _bulk bodies  ${spread(rounds.map(({ plain }) => plain))}`)
  console.log(`  Playtrail from its journal   ${spread(rounds.map(({ playtrail }) => playtrail))}`)
  console.log(`  one document a request       ${spread(rounds.map(({ oneByOne }) => oneByOne))}`)
  const ratio = median(rounds.map(({ playtrail }) => playtrail)) / median(rounds.map(({ plain }) => plain))
  const each = rounds.map(({ plain, playtrail }) => playtrail / plain)
  console.log(`  Playtrail ÷ curl             ${ratio.toFixed(2)} (rounds: ${spread(each, 2)})`)
}

/** Fills a journal, and writes the bodies of the very documents that a server makes of it. Returns their paths. */
async function prepare(dataDir: string, bodies: string): Promise<string[]> {
  const { journal } = await journalIn(dataDir)
  try {
    for (const events of chunks(runs(EVENTS), EVENTS_A_BULK)) {
      const entries = events.map((event) => ({
        eventId: event.event.id,
        payload: Buffer.from(JSON.stringify(event))
      }))
      await journal.append(entries, 'bench', Date.now() * 1_000)
    }
    const records: RecordOperations[] = []
    for (let batch = await journal.read(0); batch !== undefined; batch = await journal.read(batch.next))
      records.push(...operationsOf(batch, writeNamesOf(1, true, 'plain')).records)
    return [...chunks(records, EVENTS_A_BULK)].map((chunk, at, all) => {
      const path = `${bodies}-${at}.ndjson`
      const last = at === all.length - 1 ? runLines(records) : []
      writeFileSync(path, [...chunk.flatMap(linesOf), ...last].join(''))
      return path
    })
  } finally {
    await journal.close()
  }
}

function linesOf({ event, result }: RecordOperations): string[] {
  return [event, result].flatMap((operation) =>
    operation === undefined ? [] : [`${operation.action}\n${operation.source}\n`]
  )
}

/** Each run's document as it is in the end. */
function runLines(records: readonly RecordOperations[]): string[] {
  const changes = records.flatMap(({ change }) => change ?? [])
  return [...Map.groupBy(changes, ({ runId: id }) => id)].map(([id, ofRun]) => {
    const fold = emptyFold(id)
    addChanges(fold, ofRun)
    const action = { index: { _index: namesOf(1, 'plain').runs, _id: id } }
    return `${JSON.stringify(action)}\n${JSON.stringify(sourceOf(fold))}\n`
  })
}

async function byCurl(url: string, bodies: readonly string[]): Promise<number> {
  const script = `for body in "$@"; do curl -s -o /dev/null -f -H 'content-type: application/x-ndjson' --data-binary "@$body" '${url}/_bulk' || exit 1; done`
  const started = performance.now()
  const child = spawn('sh', ['-c', script, 'sh', ...bodies], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`curl ended with ${code}`)
  return EVENTS / ((performance.now() - started) / 1_000)
}

async function byServer(url: string, dataDir: string): Promise<number> {
  const server = await startServer(dataDir, { store: url })
  try {
    const started = performance.now()
    await caughtUp(server.url)
    return EVENTS / ((performance.now() - started) / 1_000)
  } finally {
    await server.stop()
  }
}

async function byRequest(url: string): Promise<number> {
  const stream = `${url}/${namesOf(1, 'plain').events}/_create`
  const events = runs(ONE_BY_ONE)
  const started = performance.now()
  for (const event of events) {
    const answer = await fetch(`${stream}/${encodeURIComponent(event.event.id)}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event)
    })
    if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`)
    await answer.arrayBuffer()
  }
  return ONE_BY_ONE / ((performance.now() - started) / 1_000)
}

/** How far the index falls behind a burst of events, and when it has them all. */
async function burst(url: string, dataDir: string): Promise<void> {
  const server = await startServer(dataDir, { store: url })
  let rssMiB = 0
  const sampling = setInterval(() => {
    rssMiB = Math.max(rssMiB, residentMiB(server.pid))
  }, LOOK_EVERY_MS)
  try {
    await caughtUp(server.url)
    const bodies = [...chunks(runs(BURST), EVENTS_A_BATCH)].map((events) => ndjson(events))
    const started = performance.now()
    const send = async (): Promise<void> => {
      for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
        const headers = { 'content-type': 'application/x-ndjson' }
        const answer = await fetch(`${server.url}/v1/events`, { method: 'POST', body, headers })
        if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`)
        await answer.arrayBuffer()
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, send))
    const acknowledged = performance.now()
    const { index } = await ready(server.url)
    await caughtUp(server.url)
    const seconds = (from: number, to: number): string => ((to - from) / 1_000).toFixed(1)
    console.log(
      `  burst of ${BURST}: acknowledged after ${seconds(started, acknowledged)} s, the index then behind by ${index.lag}, caught up ${seconds(acknowledged, performance.now())} s later; memory of the server ${rssMiB.toFixed(0)} MiB at most`
    )
  } finally {
    clearInterval(sampling)
    await server.stop()
  }
}

async function caughtUp(url: string): Promise<void> {
  for (;;) {
    const { index } = await ready(url)
    if (index.lag === 0) return
    await pause(LOOK_EVERY_MS)
  }
}

/** Results of runs, each with a start and an end, as a callback would send them. */
function runs(count: number): Event[] {
  const events: Event[] = []
  while (events.length < count) {
    const id = runId()
    for (let sequence = 0; sequence < EVENTS_A_RUN && events.length < count; sequence++)
      events.push(eventOf(id, sequence))
  }
  return events
}

function eventOf(id: string, sequence: number): Event {
  const event = resultEvent(id, sequence, `web-${String(sequence % 20).padStart(2, '0')}`)
  const run = { id, name: 'site.yml' }
  if (sequence === 0)
    return { ...event, event: { ...event.event, action: 'run.started' }, run: { ...run, kind: 'playbook' } }
  if (sequence === EVENTS_A_RUN - 1)
    return { ...event, event: { ...event.event, action: 'run.finished' }, run: { ...run, status: 'changed' } }
  const result = event.ansible?.result
  if (result !== undefined)
    result.stdout =
      `nginx: configuration file /etc/nginx/conf.d/${sequence}.conf test is successful\n`.repeat(3)
  return event
}

function* chunks<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}

function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024
}
