import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { type DataFolder, openDataFolder } from '../../server/data-folder.ts'
import { Problem } from '../../server/errors.ts'
import type { Event } from '../../server/event-types.ts'
import { type Journal, openJournal } from '../../server/journal/journal.ts'
import { keepBeating } from '../../server/life/heartbeat.ts'
import type { Life } from '../../server/life/life.ts'
import { openLifeFile } from '../../server/life/life-file.ts'
import { nextSequence } from '../../server/life/predecessor.ts'
import { addressOf } from '../../server/life/refusals.ts'
import { createValidator } from '../../server/receive/validate.ts'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, entry } from '../support/journal.ts'
import { lifeIn, lifeOf } from '../support/life.ts'

const START = Date.UTC(2026, 10, 5, 9, 30)

async function journalOf(t: TestContext, folder: DataFolder): Promise<Journal> {
  const journal = await openJournal(folder, {
    onBroken(error) {
      throw error
    }
  })
  onEnd(t, () => journal.close())
  return journal
}

async function emptyFolder(t: TestContext): Promise<{ folder: DataFolder; journal: Journal }> {
  const folder = openDataFolder(temporaryFolder(t), { create: true })
  return { folder, journal: await journalOf(t, folder) }
}

const told = async (journal: Journal): Promise<Event[]> => lifeOf(await allRecords(journal))
const idsIn = async (journal: Journal): Promise<string[]> =>
  (await told(journal)).map(({ event }) => event.id)
const note = (life: Life): Promise<Event> =>
  life.tell({ action: 'journal.resumed', type: 'info', fields: { journal: { free_bytes: 1 } } })

test('a life begins with 0, counts on without gaps, and its end says how many events there are', async (t) => {
  const { folder, journal } = await emptyFolder(t)
  const life = await lifeIn(folder, journal, { now: () => START })
  await life.begin()
  await Promise.all(Array.from({ length: 20 }, () => note(life)))
  await life.end()
  const events = await told(journal)
  assert.deepEqual(
    events.map(({ event }) => [event.id, event.sequence]),
    Array.from({ length: 22 }, (_, sequence) => [`${life.runId}:${sequence}`, sequence])
  )
  const last = events.at(-1)
  assert.deepEqual(
    [last?.event.action, last?.run?.status, last?.run?.events],
    ['run.finished', 'success', 22]
  )
  assert.deepEqual(
    [events[0]?.event.action, events[0]?.event.start],
    ['run.started', '2026-11-05T09:30:00.000Z']
  )
  for (const event of events)
    assert.equal(createValidator()(event)?.problem.code, 'provider_reserved', 'all else follows the schema')
})

test('an event for which there is no room leaves no gap: the next one has its number', async (t) => {
  const { folder, journal } = await emptyFolder(t)
  let isFull = false
  const append: Journal['append'] = (...args) =>
    isFull ? Promise.reject(new Problem('journal_full', 'full')) : journal.append(...args)
  const life = await lifeIn(folder, { ...journalLike(journal), append } as Journal)
  await life.begin()
  await note(life)
  isFull = true
  const refused = await Promise.allSettled([note(life), note(life), note(life)])
  assert.deepEqual(new Set(refused.map(({ status }) => status)), new Set(['rejected']))
  isFull = false
  await note(life)
  assert.deepEqual(
    await idsIn(journal),
    [0, 1, 2].map((sequence) => `${life.runId}:${sequence}`)
  )
})

test('a start for which there is no room is told later, before anything else', async (t) => {
  const { folder, journal } = await emptyFolder(t)
  let isFull = true
  const append: Journal['append'] = (...args) =>
    isFull ? Promise.reject(new Problem('journal_full', 'full')) : journal.append(...args)
  const life = await lifeIn(folder, { ...journalLike(journal), append } as Journal)
  await life.begin()
  assert.equal(journal.end, 0)
  isFull = false
  await note(life)
  assert.deepEqual(
    (await told(journal)).map(({ event }) => event.action),
    ['run.started', 'journal.resumed']
  )
})

test('a life that did not end is ended by the next one, which tells what it recovered', async (t) => {
  const { folder, journal } = await emptyFolder(t)
  const killed = await lifeIn(folder, journal, { now: () => START })
  await killed.begin()
  await note(killed)
  await journal.append([entry('of-a-sender')], 's', (START + 60_000) * 1_000)
  const next = await lifeIn(folder, journal, { now: () => START + 90_000, sealedEnd: 1 })
  await next.begin()
  const [aborted, started, recovered, ...others] = (await told(journal)).slice(2)
  assert.equal(others.length, 0)
  assert.deepEqual(
    [aborted?.event.id, aborted?.run?.status, aborted?.run?.reason],
    [`${killed.runId}:2`, 'aborted', 'killed']
  )
  assert.deepEqual([aborted?.run?.events, aborted?.event.end], [3, '2026-11-05T09:31:00.000Z'])
  assert.deepEqual([started?.event.id, started?.event.action], [`${next.runId}:0`, 'run.started'])
  assert.deepEqual(recovered?.recovered, { run_id: killed.runId, records: 3, unsealed: 2, cut_bytes: 0 })
  await next.end()

  const third = await lifeIn(folder, journal)
  await third.begin()
  assert.deepEqual(
    (await told(journal)).slice(6).map(({ event }) => event.action),
    ['run.started'],
    'one that ended is left alone, and so is one that was ended'
  )
})

// What a kill can leave: the file was written, and the journal has nothing, or not all, of what follows.
test('a start that was killed before it told anything leaves nothing to end, and hides nobody before it', async (t) => {
  const { folder, journal } = await emptyFolder(t)
  const first = await lifeIn(folder, journal)
  await first.begin()
  for (let starts = 0; starts < 3; starts++) {
    const append: Journal['append'] = () => Promise.reject(new Problem('journal_full', 'the process is gone'))
    await (await lifeIn(folder, { ...journalLike(journal), append } as Journal)).begin()
  }
  const last = await lifeIn(folder, journal)
  await last.begin()
  assert.deepEqual(await idsIn(journal), [
    `${first.runId}:0`,
    `${first.runId}:1`,
    `${last.runId}:0`,
    `${last.runId}:1`
  ])
  assert.equal(openLifeFile(folder.life).runs.length, 2, 'those of which nothing is left are forgotten')
})

test('a start whose records are cut after any of them is made good by the next one', async (t) => {
  for (const kept of [1, 2]) {
    const { folder, journal } = await emptyFolder(t)
    const first = await lifeIn(folder, journal)
    await first.begin()
    const append: Journal['append'] = async (entries, ...rest) => {
      await journal.append(entries.slice(0, kept), ...rest)
      throw new Problem('journal_full', 'the process is gone')
    }
    const second = await lifeIn(folder, { ...journalLike(journal), append } as Journal)
    await second.begin()
    const third = await lifeIn(folder, journal)
    await third.begin()
    const events = await told(journal)
    const ended = events.filter(({ event }) => event.action === 'run.aborted').map(({ run }) => run?.id)
    assert.deepEqual(ended, kept === 1 ? [first.runId] : [first.runId, second.runId], `${kept} kept`)
    assert.equal(new Set(events.map(({ event }) => event.id)).size, events.length)
  }
})

test('where a sender has used the next ids, which is no mistake, the service counts on behind them', async (t) => {
  const { folder, journal } = await emptyFolder(t)
  const errors: unknown[] = []
  const log = { warn: () => undefined, error: (about: unknown) => void errors.push(about) }
  const life = await lifeIn(folder, journal, { log })
  await life.begin()
  await journal.append([entry(`${life.runId}:1`), entry(`${life.runId}:2`)], 'somebody', 1)
  const event = await note(life)
  assert.deepEqual([event.event.id, event.event.sequence], [`${life.runId}:3`, 3])
  assert.equal((await note(life)).event.sequence, 4)
  assert.deepEqual(errors, [{ event_id: `${life.runId}:1` }])
  assert.equal(await nextSequence(journal, life.runId), 5)

  const next = await lifeIn(folder, journal)
  await next.begin()
  assert.ok((await idsIn(journal)).includes(`${life.runId}:5`))
})

test('a file of the life that cannot be read is refused with what to do, and one that is missing is empty', async (t) => {
  const { folder } = await emptyFolder(t)
  assert.deepEqual([openLifeFile(folder.life).runs, openLifeFile(folder.life).tokens], [[], []])
  for (const text of ['', '{', '[]', '{"runs":[1],"tokens":[]}', '{"runs":[],"tokens":[{"name":"a"}]}']) {
    writeFileSync(folder.life, text)
    assert.throws(
      () => openLifeFile(folder.life),
      { name: 'Fatal', message: /cannot be read: .*or remove it/ },
      text
    )
  }
})

test('an address is told as the index takes it', () => {
  assert.deepEqual(['192.0.2.10', '::ffff:192.0.2.10', 'fe80::1%eth0', '2001:db8::1'].map(addressOf), [
    '192.0.2.10',
    '192.0.2.10',
    'fe80::1',
    '2001:db8::1'
  ])
})

test('the number behind the last event of a run is found for any count', async (t) => {
  const { journal } = await emptyFolder(t)
  for (let count = 0; count <= 70; count++) {
    assert.equal(await nextSequence(journal, 'r'), count)
    await journal.append([entry(`r:${count}`)], 's', 1)
  }
})

test('the service says every hour that it is there, also if nothing happened, and soon again after a failure', async (t) => {
  const { folder, journal } = await emptyFolder(t)
  const life = await lifeIn(folder, journal)
  await life.begin()
  let nowMs = START
  let isFull = false
  const waits: (() => void)[] = []
  let waiting = Promise.withResolvers<void>()
  const slept: number[] = []
  const heartbeat = keepBeating({
    life: { tell: (...args) => (isFull ? Promise.reject(new Error('full')) : life.tell(...args)) },
    log: pino({ level: 'silent' }),
    standing: () => ({ journal_end: journal.end }),
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        slept.push(ms)
        waits.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
        waiting.resolve()
      })
  })
  const itsPause = async (): Promise<void> => {
    await waiting.promise
    waiting = Promise.withResolvers()
    nowMs += slept.at(-1) ?? 0
    waits.shift()?.()
    await waiting.promise
  }
  await itsPause()
  await itsPause()
  isFull = true
  await itsPause()
  isFull = false
  await itsPause()
  await heartbeat.stop()
  const beats = (await told(journal)).slice(1)
  assert.deepEqual(
    beats.map((event) => [event['@timestamp'], event.event.action, event.service?.journal_end]),
    [
      ['2026-11-05T10:30:00.000Z', 'run.heartbeat', 1],
      ['2026-11-05T11:30:00.000Z', 'run.heartbeat', 2],
      ['2026-11-05T12:31:00.000Z', 'run.heartbeat', 3]
    ]
  )
  assert.deepEqual(slept, [3_600_000, 3_600_000, 3_600_000, 60_000, 3_600_000])
})

/** The journal, of which a test puts another `append` in its place. */
function journalLike(journal: Journal): Pick<Journal, 'cutBytes' | 'find' | 'read' | 'end'> {
  return {
    cutBytes: journal.cutBytes,
    get end() {
      return journal.end
    },
    find: (eventId) => journal.find(eventId),
    read: (index) => journal.read(index)
  }
}
