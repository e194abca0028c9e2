import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { onEnd } from '../support/cleanup.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, journalIn } from '../support/journal.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 50)
/** A journal that grows on and on would make the starts slow. */
const ROUNDS_OF_FOLDER = 100
const CONNECTIONS = 4
const EVENTS_A_BATCH = 25
/** The kill comes after so many acknowledgements at the most, at a random one. */
const ACKNOWLEDGEMENTS_MAX = 12

/** Sends batches one behind the other until the server is gone; what was answered 200 is acknowledged. */
async function sender(
  url: string,
  acknowledged: Set<string>,
  unanswered: string[],
  onAcknowledged: () => void
): Promise<void> {
  const run = runId()
  for (let sequence = 0; ; sequence += EVENTS_A_BATCH) {
    const events = Array.from({ length: EVENTS_A_BATCH }, (_, i) => resultEvent(run, sequence + i))
    const body = ndjson(events)
    try {
      const response = await fetch(`${url}/v1/events`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/x-ndjson' }
      })
      const answer = await response.json()
      assert.deepEqual(answer, { accepted: EVENTS_A_BATCH, duplicates: 0, rejected: [] })
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      unanswered.push(body)
      return
    }
    for (const { event } of events) acknowledged.add(event.id)
    onAcknowledged()
  }
}

/** As the shipper does: what was not answered is sent again. */
async function sendAgain(url: string, bodies: string[]): Promise<string[]> {
  const ids: string[] = []
  for (const body of bodies) {
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-ndjson' }
    })
    assert.equal(response.status, 200)
    ids.push(
      ...body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).event.id as string)
    )
  }
  return ids
}

for (let first = 0; first < ROUNDS; first += ROUNDS_OF_FOLDER) {
  const rounds = Math.min(ROUNDS_OF_FOLDER, ROUNDS - first)
  test(`kill -9 in the middle of batches, rounds ${first + 1} to ${first + rounds}: nothing acknowledged is missing, nothing is doubled`, (t) =>
    killAgainAndAgain(t, rounds))
}

async function killAgainAndAgain(t: TestContext, rounds: number): Promise<void> {
  const dataDir = temporaryFolder(t)
  // What a start compiles is kept for the next one, or most of the time would go there.
  const env = { NODE_COMPILE_CACHE: temporaryFolder(t) }
  await (await startServer(dataDir, { env })).stop()
  const acknowledged = new Set<string>()
  let unanswered: string[] = []
  let server: ServerProcess | undefined
  onEnd(t, () => server?.kill())

  for (let round = 0; round < rounds; round++) {
    server = await startServer(dataDir, { env })
    const { url, kill } = server
    for (const id of await sendAgain(url, unanswered)) acknowledged.add(id)
    unanswered = []
    let left = Math.floor(Math.random() * ACKNOWLEDGEMENTS_MAX)
    const killed = Promise.withResolvers<void>()
    const countDown = (): void => {
      if (left-- === 0) kill().then(killed.resolve, killed.reject)
    }
    countDown()
    await Promise.all([
      killed.promise,
      ...Array.from({ length: CONNECTIONS }, () => sender(url, acknowledged, unanswered, countDown))
    ])
  }
  const kept = await keptIds(dataDir)
  const missing = acknowledged.difference(new Set(kept))
  assert.equal(missing.size, 0, `${missing.size} of ${acknowledged.size} acknowledged events are missing`)
  assert.ok(acknowledged.size > rounds * EVENTS_A_BATCH, 'the rounds were real')
  t.diagnostic(`${rounds} rounds, ${acknowledged.size} events acknowledged, ${kept.length} kept`)

  server = await startServer(dataDir, { env })
  const indexed = await indexedIds(server.url)
  assert.deepEqual([...new Set(kept).difference(indexed)], [])
  // That the one before was killed, and that this one started and recovered.
  assert.equal(indexed.size, kept.length + 3)
  assert.equal(await server.stop(), 0)
}

async function keptIds(dataDir: string): Promise<string[]> {
  const { journal } = await journalIn(dataDir)
  const kept = (await allRecords(journal)).map(({ eventId }) => eventId)
  await journal.close()
  assert.equal(new Set(kept).size, kept.length, 'an event is there twice')
  return kept
}

/** The index catches up with the journal, whatever it had when it was killed. */
async function indexedIds(url: string): Promise<Set<string>> {
  const asked = new URL(`${url}/v1/events?limit=1000&sort=@timestamp`)
  const found = new Set<string>()
  for (let next: string | null = ''; next !== null; ) {
    await indexed(url)
    asked.searchParams.delete('cursor')
    if (next !== '') asked.searchParams.set('cursor', next)
    const page = (await (await fetch(asked)).json()) as {
      items: { event: { id: string } }[]
      next: string | null
    }
    for (const { event } of page.items) found.add(event.id)
    next = page.next
  }
  return found
}

async function indexed(url: string): Promise<void> {
  for (;;) {
    const { index } = (await (await fetch(`${url}/readyz`)).json()) as { index: { lag: number } }
    if (index.lag === 0) return
    await new Promise(setImmediate)
  }
}
