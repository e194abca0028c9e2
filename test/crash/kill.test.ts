import assert from 'node:assert/strict'
import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { onEnd } from '../support/cleanup.ts'
import { runPlaytrail } from '../support/command.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, journalIn } from '../support/journal.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { SeenCheckpoints } from './checkpoints.ts'

const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 50)
/** A journal that grows on and on would make the starts slow. */
const ROUNDS_OF_FOLDER = 100
const CONNECTIONS = 4
const EVENTS_A_BATCH = 25
/** The kill comes after so many acknowledgements at the most, at a random one. */
const ACKNOWLEDGEMENTS_MAX = 12
const BATCHES_OF_ROUND_MAX = 8
/** Or after so many changes of names in `keys/` and `log/`: each time that the log is signed there are more. */
const CHANGES_MAX = 6

/**
 * Where a round ends: after an acknowledgement, while the log is written, or before the service is ready. The files of the log are
 * written within some milliseconds, twice a second: a kill hits them only where somebody watches the folder.
 */
const endings = ['acknowledgement', 'acknowledgement', 'sealing', 'start'] as const
type RoundEnd = (typeof endings)[number]

interface Senders {
  acknowledged: Set<string>
  unanswered: string[]
  seen: SeenCheckpoints
}

/** Sends batches one behind the other until the server is gone; what was answered 200 is acknowledged. */
async function sender(
  url: string,
  { acknowledged, unanswered, seen }: Senders,
  onAcknowledged: () => void
): Promise<void> {
  const run = runId()
  for (let batch = 0; batch < BATCHES_OF_ROUND_MAX; batch++) {
    const first = batch * EVENTS_A_BATCH
    const events = Array.from({ length: EVENTS_A_BATCH }, (_, i) => resultEvent(run, first + i))
    const body = ndjson(events)
    let isAnswered = false
    try {
      const response = await fetch(`${url}/v1/events`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/x-ndjson' }
      })
      const answer = await response.json()
      assert.deepEqual(answer, { accepted: EVENTS_A_BATCH, duplicates: 0, rejected: [] })
      isAnswered = true
      for (const { event } of events) acknowledged.add(event.id)
      onAcknowledged()
      await seen.look(url)
    } catch (error) {
      // A server that was killed answers nothing more; a wrong answer is another thing.
      if (!(error instanceof TypeError)) throw error
      if (!isAnswered) unanswered.push(body)
      return
    }
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
  test(`kill -9 at any time, rounds ${first + 1} to ${first + rounds}: nothing acknowledged is missing, nothing is doubled, every checkpoint is continued`, (t) =>
    killAgainAndAgain(t, rounds))
}

async function killAgainAndAgain(t: TestContext, rounds: number): Promise<void> {
  const dataDir = temporaryFolder(t)
  // What a start compiles is kept for the next one, or most of the time would go there.
  const env = { NODE_COMPILE_CACHE: temporaryFolder(t) }
  let server = await startServer(dataDir, { env })
  onEnd(t, () => server.kill())
  const senders: Senders = {
    acknowledged: new Set(),
    unanswered: [],
    seen: await SeenCheckpoints.of(server.url)
  }
  await server.stop()
  const ended = { acknowledgement: 0, sealing: 0, start: 0 }
  for (let round = 0; round < rounds; round++) {
    const end = endings[Math.floor(Math.random() * endings.length)] ?? 'start'
    if (end === 'start' && (await killStarting(dataDir, env))) {
      ended.start += 1
      continue
    }
    server = await startServer(dataDir, { env })
    await killRunning(server, dataDir, end, senders)
    ended[end === 'sealing' ? end : 'acknowledgement'] += 1
  }
  server = await startServer(dataDir, { env })
  for (const id of await sendAgain(server.url, senders.unanswered)) senders.acknowledged.add(id)
  await server.kill()
  const { acknowledged, seen } = senders
  const kept = await keptIds(dataDir)
  const missing = acknowledged.difference(new Set(kept))
  assert.equal(missing.size, 0, `${missing.size} of ${acknowledged.size} acknowledged events are missing`)
  assert.ok(acknowledged.size > rounds * EVENTS_A_BATCH, 'the rounds were real')

  server = await startServer(dataDir, { env })
  const indexedNow = await indexedIds(server.url)
  assert.equal(acknowledged.difference(indexedNow).size, 0, 'an acknowledged event is not in the index')
  assert.deepEqual([...new Set(kept).difference(indexedNow)], [])
  // At most that the one before was killed, and that this one started and recovered.
  assert.ok(
    indexedNow.size <= kept.length + 3,
    `${indexedNow.size} in the index, ${kept.length} in the journal`
  )
  await seen.checkContinued(server.url)
  assert.equal(await server.stop(), 0)
  const files = seen.filesIn(temporaryFolder(t))
  const { status, stdout, stderr } = await runPlaytrail([
    'verify',
    '--data-dir',
    dataDir,
    '--index',
    ...files
  ])
  assert.equal(status, 0, stdout + stderr)
  t.diagnostic(
    `${rounds} rounds, ${JSON.stringify(ended)}, ${acknowledged.size} events acknowledged, ${kept.length} kept, ${seen.count} checkpoints seen`
  )
}

async function killRunning(
  { url, kill }: ServerProcess,
  dataDir: string,
  end: RoundEnd,
  senders: Senders
): Promise<void> {
  await senders.seen.look(url)
  for (const id of await sendAgain(url, senders.unanswered)) senders.acknowledged.add(id)
  senders.unanswered = []
  const killed = Promise.withResolvers<void>()
  let left = Math.floor(Math.random() * (end === 'sealing' ? CHANGES_MAX : ACKNOWLEDGEMENTS_MAX))
  const countDown = (): void => {
    if (left-- === 0) kill().then(killed.resolve, killed.reject)
  }
  const watchers = end === 'sealing' ? watchSigning(dataDir, countDown) : []
  // Also before the first acknowledgement.
  if (end !== 'sealing') countDown()
  const onAcknowledged = end === 'sealing' ? () => undefined : countDown
  await Promise.all([
    killed.promise,
    ...Array.from({ length: CONNECTIONS }, () => sender(url, senders, onAcknowledged))
  ])
  for (const watcher of watchers) watcher.close()
}

/** Starts a server and kills it while it opens what is there. False if it was ready before. */
async function killStarting(dataDir: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  let left = Math.floor(Math.random() * CHANGES_MAX)
  let kill = (): void => undefined
  const watchers = watchSigning(dataDir, () => {
    if (left-- === 0) kill()
  })
  try {
    const { stop } = await startServer(dataDir, {
      env,
      onSpawn: (child) => {
        kill = () => void child.kill('SIGKILL')
      }
    })
    await stop()
    return false
  } catch (error) {
    assert.match(String(error), /ended before it was ready/)
    assert.doesNotMatch(String(error), /"level":(50|60)/)
    return true
  } finally {
    for (const watcher of watchers) watcher.close()
  }
}

/** Tells of each change of a name beside what was signed last, and beside what is published. */
function watchSigning(dataDir: string, onChange: () => void): FSWatcher[] {
  return ['keys', 'log'].map((name) => watch(join(dataDir, name), onChange))
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
