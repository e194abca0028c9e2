import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import Fastify from 'fastify'
import { pino } from 'pino'
import type { Pace } from '../../server/ask/live/pace.ts'
import { liveRoute } from '../../server/ask/live/route.ts'
import { Problem } from '../../server/errors.ts'
import type { Event } from '../../server/event-types.ts'
import { answerProblem } from '../../server/failure.ts'
import type { JournalReader } from '../../server/journal/reader.ts'
import { limits } from '../../server/limits.ts'
import { type RunOfEvents, receivedAt, runOfEvents } from '../index/fixtures.ts'
import { onEnd } from '../support/cleanup.ts'
import { type EventStream, type Message, openEventStream } from '../support/event-stream.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { journalIn } from '../support/journal.ts'

const START = Date.UTC(2026, 10, 5, 9, 30)

interface Told {
  url: string
  journalId: string
  append(...events: Event[]): Promise<void>
  /** A client on a socket of its own. */
  open(query?: string, lastId?: string, authorization?: string): Promise<EventStream>
  /** What the server writes to, of each request. */
  responses: ServerResponse[]
  /** From now on whoever sends this header may not read. */
  revoke(authorization: string): void
  /** From now on it cannot be found out whether they may. */
  breakCheck(authorization: string): void
  /** Where the journal was read from. */
  reads: number[]
  /** What was logged as an error. */
  errors: string[]
}

/** The route on a real journal, without any index. */
async function told(t: TestContext, pace: Partial<Pace> = {}): Promise<Told> {
  const { journal } = await journalIn(temporaryFolder(t))
  onEnd(t, () => journal.close())
  const errors: string[] = []
  const app = Fastify({
    loggerInstance: pino({ level: 'error' }, { write: (line: string) => void errors.push(line) })
  })
  app.setErrorHandler(answerProblem)
  const failures = new Map<string | undefined, Error>()
  const reads: number[] = []
  const counted: JournalReader = {
    id: journal.id,
    get end() {
      return journal.end
    },
    async read(index) {
      reads.push(index)
      return await journal.read(index)
    },
    waitBeyond: (index, signal) => journal.waitBeyond(index, signal)
  }
  const responses: ServerResponse[] = []
  app.addHook('onRequest', async (_request, reply) => {
    responses.push(reply.raw)
  })
  await app.register(liveRoute, {
    journal: counted,
    check(authorization) {
      const failure = failures.get(authorization)
      if (failure !== undefined) throw failure
    },
    pace: { ...limits, liveProgressMs: 20, ...pace }
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  onEnd(t, () => app.close())
  const { port } = app.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/v1/live`
  return {
    url,
    journalId: journal.id,
    responses,
    reads,
    errors,
    revoke(authorization) {
      failures.set(authorization, new Problem('token_unknown', 'It was revoked.'))
    },
    breakCheck(authorization) {
      failures.set(authorization, new TypeError('the tokens are no list'))
    },
    async append(...events) {
      const entries = events.map((event) => ({
        eventId: event.event.id,
        payload: Buffer.from(JSON.stringify(event))
      }))
      const { accepted } = await journal.append(entries, 'control-1', receivedAt(journal.end))
      assert.equal(accepted, events.length)
    },
    async open(query = '', lastId, authorization = 'Bearer one') {
      const last = lastId === undefined ? undefined : { 'last-event-id': lastId }
      const stream = await openEventStream(`${url}${query}`, { ...last, authorization })
      onEnd(t, () => stream.close())
      return stream
    }
  }
}

function isOf(event: string): (message: Message) => boolean {
  return (message) => message.event === event
}

/** What was told, without progress, which depends on the clock. */
function names(messages: readonly Message[]): string[] {
  return messages
    .filter(({ event }) => event !== 'run.progress')
    .map(({ event, data }) => `${event} ${event === 'event' ? data.event.id : data.run.id}`)
}

test('a run is told as it starts, as it goes, and as it ends', async (t) => {
  const { open, append, journalId } = await told(t)
  const stream = await open()
  assert.equal(stream.response.headers['content-type'], 'text/event-stream')
  assert.equal(stream.response.headers['cache-control'], 'no-store')
  const run = runOfEvents(START)
  await append(run.started())
  const started = await stream.next()
  assert.equal(stream.retryMs, limits.liveRetryMs)
  assert.equal(started.event, 'run.started')
  assert.equal(started.id, `${journalId}:0`)
  assert.deepEqual(started.data.run, { id: run.id, status: 'running', name: 'site.yml', kind: 'playbook' })
  assert.equal(started.data.user.name, 'alice')

  await append(run.result('web-1', 'changed'), run.result('web-2', 'failed'))
  const progress = await stream.next(({ data }) => data.playtrail.events === 3)
  assert.equal(progress.event, 'run.progress')
  assert.deepEqual(progress.data.playtrail.results, {
    ok: 0,
    changed: 1,
    failed: 1,
    skipped: 0,
    unreachable: 0
  })
  assert.equal(progress.data.run.status, 'running')

  await append(run.finished('failed'))
  const ended = await stream.next(isOf('run.ended'))
  assert.equal(ended.id, `${journalId}:3`)
  assert.equal(ended.data.run.status, 'failed')
  assert.equal(ended.data.playtrail.results.changed, 1)
  assert.equal(ended.data.playtrail.counted_from, undefined)
})

test('progress of a run is told no more often than the limit says', async (t) => {
  const { open, append } = await told(t, { liveProgressMs: 300 })
  const stream = await open()
  const run = runOfEvents(START)
  await append(run.started())
  await stream.next(isOf('run.started'))
  const seen: number[] = []
  const begun = performance.now()
  let appended = 0
  const until = async (events: number): Promise<void> => {
    for (;;) {
      const { data } = await stream.next(isOf('run.progress'))
      seen.push(performance.now())
      if (data.playtrail.events === events) return
    }
  }
  while (performance.now() - begun < 700) {
    await append(run.result('web-1', 'ok', `task ${appended}`))
    appended++
  }
  await until(appended + 1)
  const took = performance.now() - begun
  assert.ok(seen.length <= Math.ceil(took / 300) + 1, `${seen.length} in ${took} ms`)
  assert.ok(seen.length < appended)
})

test('a client that comes later is told of the runs that go on, and of no others', async (t) => {
  const { open, append } = await told(t)
  const [done, going] = [runOfEvents(START), runOfEvents(START, { which: 1 })]
  await append(done.started(), going.started(), done.result('web-1', 'ok'), going.result('web-1', 'ok'))
  await append(done.finished('success'), going.result('web-2', 'skipped'))
  const stream = await open()
  const first = await stream.next()
  assert.equal(first.event, 'run.progress')
  assert.equal(first.data.run.id, going.id)
  assert.equal(first.data.playtrail.results.skipped, 1)
  const next = runOfEvents(START, { which: 2 })
  await append(next.started())
  assert.deepEqual(names([await stream.next()]), [`run.started ${next.id}`])
})

test('of a run that began too long ago it is said from where it is counted', async (t) => {
  const { open, append } = await told(t, { liveRecordsBackMax: 2 })
  const run = runOfEvents(START)
  await append(run.started(), run.result('web-1', 'ok'), run.result('web-2', 'ok'), run.result('web-3', 'ok'))
  const { data } = await (await open()).next()
  assert.equal(data.playtrail.counted_from, 2)
  assert.equal(data.playtrail.results.ok, 2)
  assert.equal(data.run.status, 'running')
})

test('a run that fell silent has ended, and goes on when it is heard of', async (t) => {
  const { open, append } = await told(t)
  const stream = await open()
  const run = runOfEvents(START)
  await append(run.started())
  await append(run.fellSilent(0))
  const silent = await stream.next(isOf('run.ended'))
  assert.deepEqual([silent.data.run.status, silent.data.run.reason], ['aborted', 'silent'])
  await append(run.result('web-1', 'ok'))
  const again = await stream.next()
  assert.deepEqual(
    [again.event, again.data.run.status, again.data.run.reason],
    ['run.progress', 'running', undefined]
  )
  await append(run.finished('success'))
  assert.equal((await stream.next(isOf('run.ended'))).data.run.status, 'success')
})

test('events that match are told too, or alone, and what of them was chosen', async (t) => {
  const { open, append } = await told(t)
  const both = await open('?q=status:failed')
  const alone = await open('?q=status:failed&runs=false&fields=host.name')
  const run = runOfEvents(START)
  const events = [
    run.started(),
    run.result('web-1', 'ok'),
    run.result('web-2', 'failed'),
    run.finished('failed')
  ]
  await append(...events)
  const messages: Message[] = []
  // The last record is the end of the run, and matches.
  while (names(messages).at(-1) !== `event ${run.id}:3`) messages.push(await both.next())
  assert.deepEqual(names(messages), [
    `run.started ${run.id}`,
    `event ${run.id}:2`,
    `run.ended ${run.id}`,
    `event ${run.id}:3`
  ])
  assert.match(messages.find(isOf('event'))?.data.event.hash, /^[0-9a-f]{64}$/)
  assert.deepEqual((await alone.next()).data, { host: { name: 'web-2' } })
  assert.deepEqual((await alone.next()).data, {})
})

/** Runs whose events come mixed with each other. */
function manyRuns(): Event[] {
  const runs = [0, 1, 2, 3].map((which) => runOfEvents(START, { which }))
  const steps: ((run: RunOfEvents) => Event)[] = [
    (run) => run.started(),
    (run) => run.result('web-1', 'ok'),
    (run) => run.result('web-2', 'failed'),
    (run) => run.finished('failed')
  ]
  return steps.flatMap((step) => runs.map(step))
}

test('whatever message a connection is cut behind, the next one goes on without loss or doubling', async (t) => {
  const { open, append } = await told(t)
  const whole = await open('?q=status:failed')
  const events = manyRuns()
  await append(...events)
  const all: Message[] = []
  while (names(all).at(-1) !== `event ${events.at(-1)?.event.id}`) all.push(await whole.next())
  const expected = names(all)
  assert.equal(expected.length, 16)
  const cuts = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 16, maxLength: 16 })
  await fc.assert(
    fc.asyncProperty(cuts, async (counts) => {
      const seen: Message[] = []
      let lastId = `${all[0]?.id.split(':')[0]}:-1`
      for (const count of counts) {
        const stream = await open('?q=status:failed', lastId)
        for (let at = 0; at < count && names(seen).length < expected.length; at++) {
          const message = await stream.next()
          seen.push(message)
          lastId = message.id
        }
        stream.close()
      }
      assert.deepEqual(names(seen), expected)
    }),
    { numRuns: 10 }
  )
})

test('what came while a client was away is told when it comes again, by header or parameter', async (t) => {
  const { open, append } = await told(t)
  const first = await open()
  const run = runOfEvents(START)
  await append(run.started())
  const { id } = await first.next()
  first.close()
  await append(run.result('web-1', 'ok'), run.finished('success'))
  for (const stream of [await open('', id), await open(`?last_event_id=${encodeURIComponent(id)}`)])
    assert.deepEqual(names([await stream.next()]), [`run.ended ${run.id}`])
  const other = runOfEvents(START, { which: 1 })
  const both = await open(`?last_event_id=${encodeURIComponent(id)}`, `${id.split(':')[0]}:2`)
  await append(other.started())
  assert.deepEqual(names([await both.next()]), [`run.started ${other.id}`], 'the header is the newer one')
})

test('a sign of life moves the last id on, so that nothing is read again in vain', async (t) => {
  const { open, append, journalId } = await told(t, { liveHeartbeatMs: 10 })
  const stream = await open('?q=status:failed&runs=false')
  const reading = stream.rest()
  await append(runOfEvents(START).result('web-1', 'ok'))
  await eventually(async () => (stream.lastId === `${journalId}:0` ? true : undefined))
  const before = stream.beats
  await eventually(async () => (stream.beats > before ? true : undefined))
  stream.close()
  await reading.catch(() => undefined)
})

test('an id of another journal, of the future, or from too long ago is answered with reset', async (t) => {
  const { open, append, journalId } = await told(t, { liveRecordsBackMax: 3 })
  await append(...manyRuns().slice(0, 8))
  const run = runOfEvents(START, { which: 9 })
  const reset = {
    '6f1c2a34-5b1e-4d5c-9a6b-0c1d2e3f4a5b:3': /not one of this journal/,
    [`${journalId}:8`]: /not one of this journal/,
    nonsense: /not one of this journal/,
    [`${journalId}:3`]: /More than 3 records/
  }
  for (const [id, reason] of Object.entries(reset)) {
    const stream = await open('', id)
    const message = await stream.next()
    assert.equal(message.event, 'reset', id)
    assert.match(message.data.reason, reason)
    assert.equal(message.id, `${journalId}:7`, 'from here on it can be gone on from')
    stream.close()
  }
  const kept = await open('', `${journalId}:4`)
  await append(run.started())
  assert.deepEqual(names([await kept.next(isOf('run.started'))]), [`run.started ${run.id}`])
})

test('two clients are told the same', async (t) => {
  const { open, append } = await told(t)
  const [one, other] = [await open(), await open()]
  const events = manyRuns()
  for (const event of events) await append(event)
  const last = events.at(-1)?.run?.id
  const seen: Message[][] = []
  for (const stream of [one, other]) {
    const messages: Message[] = []
    while (names(messages).at(-1) !== `run.ended ${last}`) messages.push(await stream.next())
    // Progress depends on the clock.
    seen.push(messages.filter(({ event }) => event !== 'run.progress'))
  }
  assert.equal(seen[0]?.length, 8)
  assert.deepEqual(seen[1], seen[0])
})

test('a client that reads late is told of each run once, and of those again that went on since', async (t) => {
  const { open, append, responses } = await told(t)
  // 16 MB, far more than two sockets hold.
  const runs = Array.from({ length: limits.liveRunsMax }, (_, which) => runOfEvents(START, { which }))
  const labels = { why: 'x'.repeat(16_000) }
  for (let at = 0; at < runs.length; at += 100)
    await append(...runs.slice(at, at + 100).map((run) => run.started({ labels })))
  const slow = await open()
  const quick = await open()
  for (let at = 0; at < runs.length; at++) assert.equal((await quick.next()).data.run.id, runs[at]?.id)
  assert.equal(responses[0]?.writableNeedDrain, true)
  assert.ok((responses[0]?.writableLength ?? 0) < 100_000, `${responses[0]?.writableLength} bytes wait`)
  const [first] = runs
  assert.ok(first)
  await append(first.result('web-1', 'ok'))
  assert.equal((await quick.next()).data.run.id, first.id)
  const times = new Map<string, number>()
  for (let events = 0; events !== 2 || times.size < runs.length; ) {
    const { data } = await slow.next()
    times.set(data.run.id, (times.get(data.run.id) ?? 0) + 1)
    if (data.run.id === first.id) events = data.playtrail.events
  }
  times.delete(first.id)
  assert.deepEqual(new Set(times.values()), new Set([1]))
})

test('the journal is read on for a while when the last client has gone, and anew after that', async (t) => {
  for (const [liveReaderIdleMsMax, times] of [
    [60_000, 1],
    [1, 2]
  ] as const) {
    const { open, append, reads, responses } = await told(t, { liveReaderIdleMsMax })
    const run = runOfEvents(START)
    await append(run.started())
    const first = await open()
    await first.next()
    first.close()
    await eventually(async () => (responses[0]?.closed === true ? true : undefined))
    await append(run.result('web-1', 'ok'))
    await eventually(async () => {
      const stream = await open()
      const { data } = await stream.next()
      stream.close()
      assert.equal(data.playtrail.events, 2)
      return reads.filter((index) => index === 0).length >= times ? true : undefined
    })
    if (times === 1) assert.equal(reads.filter((index) => index === 0).length, 1)
  }
})

const LARGE = { ansible: { result: { status: 'failed' as const, stdout: 'x'.repeat(100_000) } } }

/** 40 MB, far more than two sockets hold. */
async function appendMuch(append: Told['append'], run: RunOfEvents): Promise<void> {
  for (let sent = 0; sent < 400; sent += 20)
    await append(...Array.from({ length: 20 }, () => run.next('item.result', LARGE)))
}

test('a client that reads late is told everything, nothing is kept for it, and others do not wait', async (t) => {
  const { open, append, responses } = await told(t)
  const slow = await open('?q=status:failed&runs=false')
  const quick = await open('?q=status:failed&runs=false&fields=event.id')
  const run = runOfEvents(START)
  await appendMuch(append, run)
  for (let at = 0; at < 400; at++) assert.equal((await quick.next()).data.event.id, `${run.id}:${at}`)
  assert.equal(responses[0]?.writableNeedDrain, true)
  assert.ok((responses[0]?.writableLength ?? 0) < 1_000_000, `${responses[0]?.writableLength} bytes wait`)
  for (let at = 0; at < 400; at++) assert.equal((await slow.next()).data.event.id, `${run.id}:${at}`)
  await append(run.next('item.result', LARGE))
  assert.equal((await slow.next()).data.event.id, `${run.id}:400`, 'it has caught up')
})

test('a client that takes nothing for too long is cut', async (t) => {
  const { open, append, responses } = await told(t, { liveDrainMsMax: 50 })
  const stuck = await open('?q=status:failed&runs=false')
  await appendMuch(append, runOfEvents(START))
  await eventually(async () => (responses[0]?.destroyed === true ? true : undefined))
  await assert.rejects(stuck.rest())
})

test('there is room for so many clients, and for another one when one has gone', async (t) => {
  const { open, url } = await told(t, { liveClientsMax: 2 })
  const [one] = [await open(), await open()]
  const refused = await fetch(url)
  assert.equal(refused.status, 503)
  assert.equal(((await refused.json()) as { code: string }).code, 'too_many_clients')
  assert.ok(refused.headers.has('retry-after'))
  one?.close()
  await eventually(async () => {
    const stream = await open()
    return stream.response.statusCode === 200 ? true : undefined
  })
})

test('a wrong parameter is refused before the stream begins', async (t) => {
  const { url } = await told(t)
  for (const query of ['?q=hst:web-1', '?fields=run.ids', '?runs=no', '?x=1']) {
    const { status } = await fetch(`${url}${query}`)
    assert.equal(status, 400, query)
  }
})

test('a query that would make every event wait is refused, also as one long phrase', async (t) => {
  const { url, open } = await told(t)
  const words = Array.from({ length: limits.liveQueryTermsMax + 1 }, (_, at) => `word${at}`)
  for (const q of [words.join(' OR '), `"${words.join(' ')}"`]) {
    const refused = await fetch(`${url}?q=${encodeURIComponent(q)}`)
    assert.equal(refused.status, 400)
    assert.equal(((await refused.json()) as { code: string }).code, 'query_too_costly')
  }
  const { response } = await open(`?q=${encodeURIComponent(words.slice(1).join(' OR '))}`)
  assert.equal(response.statusCode, 200)
})

test('a client whose token was revoked is told no more, and others are', async (t) => {
  const { open, revoke, append, errors } = await told(t, { liveHeartbeatMs: 10 })
  const stream = await open()
  const other = await open('', undefined, 'Bearer other')
  revoke('Bearer one')
  await assert.rejects(stream.next())
  const run = runOfEvents(START)
  await append(run.started())
  assert.deepEqual(names([await other.next()]), [`run.started ${run.id}`])
  assert.deepEqual(errors, [])
})

test('an error of one client cuts that one alone, and is logged', async (t) => {
  const { open, breakCheck, append, errors } = await told(t, { liveHeartbeatMs: 10 })
  const stream = await open()
  const other = await open('', undefined, 'Bearer other')
  breakCheck('Bearer one')
  await assert.rejects(stream.next())
  const run = runOfEvents(START)
  await append(run.started())
  assert.deepEqual(names([await other.next()]), [`run.started ${run.id}`])
  assert.match(errors.join(), /the tokens are no list/)
})
