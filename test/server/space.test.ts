import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { openDataFolder } from '../../server/data-folder.ts'
import { Problem } from '../../server/errors.ts'
import type { Event } from '../../server/event-types.ts'
import { openJournal } from '../../server/journal/journal.ts'
import { limits } from '../../server/limits.ts'
import { createValidator } from '../../server/receive/validate.ts'
import { reserveIn } from '../../server/space/reserve.ts'
import { Space } from '../../server/space/space.ts'
import { watchSpace } from '../../server/space/watch.ts'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, entry } from '../support/journal.ts'
import { lifeIn, toldOf } from '../support/life.ts'

const MIB = 1024 * 1024
const KEEP_FREE_BYTES = 100 * MIB
const START = Date.UTC(2026, 10, 5, 9, 30)

/** A watch over a real journal, whose looks a test makes happen and whose disk says what the test wants. */
async function watched(t: TestContext, freeAtStart: number) {
  const folder = openDataFolder(temporaryFolder(t), { create: true })
  const space = new Space(KEEP_FREE_BYTES)
  const onBroken = (error: unknown): never => {
    throw error
  }
  const journal = await openJournal(folder, { onBroken, room: space })
  onEnd(t, () => journal.close())
  let free: number | Error = freeAtStart
  let nowMs = START
  let looked: () => void = () => undefined
  let proceed: () => void = () => undefined
  const watch = await watchSpace({
    space,
    reserve: reserveIn(folder.reserve),
    life: await lifeIn(folder, journal),
    log: pino({ level: 'silent' }),
    freeBytes: async () => {
      if (free instanceof Error) throw free
      return free
    },
    now: () => nowMs,
    sleep: (_ms, signal) =>
      new Promise((resolve) => {
        looked()
        proceed = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
  })
  onEnd(t, () => watch.stop())
  const look = async (nextFree: number | Error): Promise<void> => {
    free = nextFree
    nowMs += 60_000
    const next = new Promise<void>((resolve) => {
      looked = resolve
    })
    proceed()
    await next
  }
  let sequence = 0
  const isTaken = async (): Promise<boolean> => {
    try {
      await journal.append([entry(`r:${sequence++}`)], 's', 1)
      return true
    } catch (error) {
      assert.ok(error instanceof Problem && error.code === 'journal_full')
      return false
    }
  }
  const told = async (): Promise<Event[]> => toldOf(await allRecords(journal))
  return { folder, look, isTaken, told }
}

test('new events are refused below the limit, and taken again well above it; both are told once', async (t) => {
  const { folder, look, isTaken, told } = await watched(t, KEEP_FREE_BYTES)
  assert.ok(await isTaken())
  assert.ok(existsSync(folder.reserve))
  await look(KEEP_FREE_BYTES - 1)
  assert.equal(await isTaken(), false)
  await look(KEEP_FREE_BYTES - 2)
  await look(KEEP_FREE_BYTES + 2 * limits.reserveBytes - 1)
  assert.equal(await isTaken(), false, 'it does not flutter')
  await look(KEEP_FREE_BYTES + 2 * limits.reserveBytes)
  assert.ok(await isTaken())

  const [full, resumed, ...others] = await told()
  assert.equal(others.length, 0)
  assert.deepEqual([full?.event.action, full?.journal], ['journal.full', { free_bytes: KEEP_FREE_BYTES - 1 }])
  assert.equal(
    full?.error?.message,
    '99 MiB are free on the disk of the data folder, less than the 100 MiB of --disk-reserve.'
  )
  assert.equal(resumed?.event.start, '2026-11-05T09:31:00.000Z')
  assert.equal(resumed?.event.end, '2026-11-05T09:34:00.000Z')
  assert.equal(resumed?.journal?.refused_events, 2)
  for (const event of [full, resumed])
    assert.equal(
      event && createValidator()(event)?.problem.code,
      'provider_reserved',
      'all else follows the schema'
    )
})

test('a service that starts on a full disk refuses from the beginning', async (t) => {
  const { isTaken, told } = await watched(t, 0)
  assert.equal(await isTaken(), false)
  assert.equal((await told())[0]?.event.action, 'journal.full')
})

test('a disk that does not say what is free is written to all the same', async (t) => {
  const { look, isTaken } = await watched(t, KEEP_FREE_BYTES)
  await look(new Error('statfs failed'))
  assert.ok(await isTaken())
})
