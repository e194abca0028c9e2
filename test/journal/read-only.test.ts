import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { type DataFolder, openDataFolder } from '../../server/data-folder.ts'
import { Fatal } from '../../server/errors.ts'
import { type JournalFiles, openJournalFiles } from '../../server/journal/read-only.ts'
import { encodeRecord, recordBytes, recordsOf } from '../../server/journal/record.ts'
import { encodeSegmentHeader, segmentName } from '../../server/journal/segment.ts'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { entry, journalIn, segmentPaths } from '../support/journal.ts'

const isFatal = (pattern: RegExp) => (error: unknown) => error instanceof Fatal && pattern.test(error.message)

/** Segments of commits of so many records each, as a server would have written them. */
const plans = fc.array(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }), {
  minLength: 1,
  maxLength: 4
})

interface Written {
  folder: DataFolder
  payloads: string[]
  /** Records of all segments but the newest. */
  before: number
  /** Where each record of the newest segment ends. */
  ends: number[]
}

function writeJournal(t: TestContext, plan: number[][]): Written {
  const folder = openDataFolder(temporaryFolder(t), { create: true })
  const payloads: string[] = []
  let before = 0
  let ends: number[] = []
  // Only the newest segment may have no record: the one behind it begins with the same record.
  for (const commits of [...plan.slice(0, -1).filter(({ length }) => length > 0), plan.at(-1) ?? []]) {
    before = payloads.length
    const parts = [encodeSegmentHeader({ log: folder.log, first: before, createdAt: 0 })]
    for (const count of commits) parts.push(...commitOf(count, payloads))
    let offset = 0
    ends = parts.map((part) => (offset += part.length)).slice(1)
    writeFileSync(join(folder.journal, segmentName(before)), Buffer.concat(parts))
  }
  return { folder, payloads, before, ends }
}

function commitOf(count: number, payloads: string[]): Buffer[] {
  const synced = payloads.length
  return Array.from({ length: count }, () => {
    const index = payloads.length
    const payload = Buffer.from(JSON.stringify({ index, text: 'x'.repeat((index * 37) % 300) }))
    payloads.push(payload.toString())
    const eventId = `r:${index}`
    const record = Buffer.alloc(recordBytes(1, eventId.length, payload.length))
    const salt = randomBytes(32)
    encodeRecord(record, 0, { index, synced, receivedAt: 1, sender: 's', eventId, salt, payload })
    return record
  })
}

async function payloadsFrom(files: JournalFiles, from: number): Promise<string[]> {
  const payloads: string[] = []
  for (let next = from; ; ) {
    const batch = await files.read(next)
    if (batch === undefined) return payloads
    for (const { payload } of recordsOf(batch)) payloads.push(payload.toString())
    next = batch.next
  }
}

test('whatever segments there are, every record reads back from every place, and nothing is changed', async (t) => {
  await fc.assert(
    fc.asyncProperty(plans, fc.array(fc.nat(), { maxLength: 5 }), async (plan, places) => {
      const { folder, payloads } = writeJournal(t, plan)
      const files = await openJournalFiles(folder)
      assert.deepEqual([files.id, files.end], [folder.log, payloads.length])
      for (const place of [0, ...places.map((number) => number % (payloads.length + 1))]) {
        assert.deepEqual(await payloadsFrom(files, place), payloads.slice(place))
      }
      await files.close()
      await assert.rejects(files.read(0), /was closed/)
      rmSync(folder.path, { recursive: true })
    }),
    { numRuns: 60 }
  )
})

test('a newest segment that is torn at any byte reads up to its last whole record, and stays as it is', async (t) => {
  await fc.assert(
    fc.asyncProperty(plans, fc.nat(), async (plan, number) => {
      const { folder, payloads, before, ends } = writeJournal(t, plan)
      const newest = segmentPaths(folder).at(-1) ?? ''
      const whole = readFileSync(newest)
      const torn = whole.subarray(0, number % (whole.length + 1))
      writeFileSync(newest, torn)
      const files = await openJournalFiles(folder)
      assert.equal(files.end, before + ends.filter((end) => end <= torn.length).length)
      assert.deepEqual(await payloadsFrom(files, 0), payloads.slice(0, files.end))
      assert.deepEqual(readFileSync(newest), torn)
      rmSync(folder.path, { recursive: true })
    }),
    { numRuns: 60 }
  )
})

test('a flipped bit in front of the newest commit is damage, told when its segment is read', async (t) => {
  const { folder } = writeJournal(t, [[5, 5], [4], [6, 1]])
  await fc.assert(
    fc.asyncProperty(fc.nat(2), fc.nat(), fc.nat(7), async (segment, number, bit) => {
      const path = segmentPaths(folder)[segment] ?? ''
      const whole = readFileSync(path)
      const newest = recordBytes(1, 4, `{"index":15,"text":"${'x'.repeat((15 * 37) % 300)}"}`.length)
      const byte = number % (segment === 2 ? whole.length - newest : whole.length)
      const damaged = Buffer.from(whole)
      damaged.writeUInt8(damaged.readUInt8(byte) ^ (1 << bit), byte)
      writeFileSync(path, damaged)
      const readAll = async (): Promise<unknown> => payloadsFrom(await openJournalFiles(folder), 0)
      await assert.rejects(readAll, isFatal(/damaged/))
      writeFileSync(path, whole)
    }),
    { numRuns: 60 }
  )
})

test('a segment that is missing is told', async (t) => {
  for (const [missing, pattern] of [
    [0, /begins with record 10, expected 0/],
    [1, /is damaged at byte \d+: expected record 10/]
  ] as const) {
    const { folder } = writeJournal(t, [[10], [4], [6]])
    rmSync(segmentPaths(folder)[missing] ?? '')
    await assert.rejects(async () => payloadsFrom(await openJournalFiles(folder), 0), isFatal(pattern))
  }
})

test('it reads while a server appends, and what was acknowledged before it was opened is there', async (t) => {
  const { folder, journal } = await journalIn(temporaryFolder(t))
  onEnd(t, () => journal.close())
  assert.equal((await openJournalFiles(folder)).end, 0)
  let sent = 0
  let isDone = false
  const append = async (): Promise<void> => {
    while (!isDone) {
      const entries = Array.from({ length: 20 }, () => entry(`r:${sent++}`, `{"text":"${'y'.repeat(500)}"}`))
      await journal.append(entries, 's', 1)
    }
  }
  const appending = append()
  for (let look = 0; look < 20; look++) {
    const acknowledged = journal.end
    const files = await openJournalFiles(folder)
    assert.ok(files.end >= acknowledged && files.end <= sent)
    assert.equal((await payloadsFrom(files, 0)).length, files.end)
  }
  isDone = true
  await appending
  assert.ok(journal.end > 0)
})
