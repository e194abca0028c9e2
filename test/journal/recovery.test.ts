import assert from 'node:assert/strict'
import {
  copyFileSync,
  cpSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { type DataFolder, openDataFolder } from '../../server/data-folder.ts'
import { Fatal } from '../../server/errors.ts'
import { SEGMENT_HEADER_BYTES } from '../../server/journal/segment.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, entry, journalIn, segmentPaths } from '../support/journal.ts'

/** A closed journal of three commits, of two records each, and where each commit ends. */
async function threeCommits(
  t: TestContext
): Promise<{ folder: DataFolder; segment: string; ends: number[] }> {
  const { folder, journal } = await journalIn(temporaryFolder(t))
  const ends: number[] = []
  for (const commit of [0, 1, 2]) {
    await journal.append([entry(`r:${2 * commit}`), entry(`r:${2 * commit + 1}`)], 's', 1)
    ends.push(statSync(segmentPaths(folder)[0] ?? '').size)
  }
  await journal.close()
  return { folder, segment: segmentPaths(folder)[0] ?? '', ends }
}

/** As if the process had been killed before it noted how far the journal was durable. */
function forgetIds(folder: DataFolder): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${folder.ids}${suffix}`, { force: true })
}

const isFatal = (pattern: RegExp) => (error: unknown) => error instanceof Fatal && pattern.test(error.message)

test('a tail that is torn at any byte is cut off, and everything before it is there', async (t) => {
  const { folder, segment, ends } = await threeCommits(t)
  const whole = readFileSync(segment)
  const [, second = 0] = ends
  for (let cut = second + 1; cut < whole.length; cut += 7) {
    writeFileSync(segment, whole.subarray(0, cut))
    forgetIds(folder)
    const { journal } = await journalIn(folder.path)
    const records = await allRecords(journal)
    assert.ok(records.length === 4 || records.length === 5, `cut at ${cut}: ${records.length} records`)
    assert.equal(statSync(segment).size, cut - journal.cutBytes)
    const { accepted } = await journal.append([entry('next:0')], 's', 1)
    assert.equal(accepted, 1)
    await journal.close()
  }
})

test('garbage behind the last record is cut off', async (t) => {
  const { folder, segment } = await threeCommits(t)
  const whole = readFileSync(segment)
  for (const garbage of [
    Buffer.alloc(4096),
    Buffer.from('PTRC'),
    whole.subarray(SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES + 50)
  ]) {
    writeFileSync(segment, Buffer.concat([whole, garbage]))
    const { journal } = await journalIn(folder.path)
    assert.equal(journal.cutBytes, garbage.length)
    assert.equal(journal.end, 6)
    await journal.close()
  }
})

test('a flipped bit in front of a later commit stops the start and names the place', async (t) => {
  const { folder, segment, ends } = await threeCommits(t)
  const whole = readFileSync(segment)
  const [, second = 0] = ends
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: SEGMENT_HEADER_BYTES, max: second - 1 }),
      fc.nat(7),
      async (byte, bit) => {
        const damaged = Buffer.from(whole)
        damaged.writeUInt8(damaged.readUInt8(byte) ^ (1 << bit), byte)
        writeFileSync(segment, damaged)
        forgetIds(folder)
        await assert.rejects(
          journalIn(folder.path),
          isFatal(/segment is damaged at byte \d+: expected record \d+/)
        )
        assert.deepEqual(readFileSync(segment), damaged, 'nothing is repaired silently')
      }
    ),
    { numRuns: 60 }
  )
})

test('a flipped bit in the last commit stops the start too, and what is left of it is not cut off', async (t) => {
  const { folder, segment, ends } = await threeCommits(t)
  const whole = readFileSync(segment)
  for (let byte = ends[1] ?? 0; byte < whole.length; byte += 5) {
    const damaged = Buffer.from(whole)
    damaged.writeUInt8(damaged.readUInt8(byte) ^ 1, byte)
    writeFileSync(segment, damaged)
    await assert.rejects(
      journalIn(folder.path),
      isFatal(/segment is damaged at byte \d+: expected record [45]/)
    )
    assert.deepEqual(readFileSync(segment), damaged)
  }
})

test('damage in front of a segment that was begun and never used is damage, though the ids are lost', async (t) => {
  const { folder, segment, ends } = await threeCommits(t)
  const damaged = readFileSync(segment)
  damaged.writeUInt8(damaged.readUInt8((ends[1] ?? 0) + 20) ^ 1, (ends[1] ?? 0) + 20)
  writeFileSync(segment, damaged)
  writeFileSync(join(folder.journal, '00000000000000000006.segment'), '')
  forgetIds(folder)
  await assert.rejects(journalIn(folder.path), isFatal(/is damaged at byte/))
  assert.equal(segmentPaths(folder).length, 2, 'nothing is touched')
})

test('a journal that ends before what was acknowledged stops the start', async (t) => {
  const { folder, segment, ends } = await threeCommits(t)
  truncateSync(segment, ends[1] ?? 0)
  await assert.rejects(journalIn(folder.path), isFatal(/ends with record 3, but record 5 was acknowledged/))
})

test('a wrong value in any field of a segment header stops the start', async (t) => {
  const { folder, segment } = await threeCommits(t)
  const whole = readFileSync(segment)
  const wrong: [string, number, RegExp][] = [
    ['magic', 0, /does not begin with the mark/],
    ['version', 8, /format version 257|newer/],
    ['header length', 10, /length is not 64/],
    ['log', 16, /belongs to the journal/],
    ['first', 32, /begins with record/]
  ]
  for (const [field, byte, pattern] of wrong) {
    const damaged = Buffer.from(whole)
    damaged.writeUInt8(damaged.readUInt8(byte) ^ 1, byte)
    if (field === 'version') damaged.writeUInt16LE(257, 8)
    writeFileSync(segment, damaged)
    if (field !== 'magic')
      await assert.rejects(journalIn(folder.path), isFatal(/checksum/), `${field}, checksum not adjusted`)
    damaged.writeUInt32LE(crc32(damaged.subarray(0, 60)), 60)
    writeFileSync(segment, damaged)
    await assert.rejects(journalIn(folder.path), isFatal(pattern), field)
  }
})

test('a segment that is missing, renamed or of another journal stops the start', async (t) => {
  const { folder, segment } = await threeCommits(t)
  const renamed = join(folder.journal, '00000000000000000001.segment')
  renameSync(segment, renamed)
  await assert.rejects(journalIn(folder.path), isFatal(/missing, cut or renamed/))
  renameSync(renamed, segment)
  const { segment: foreign } = await threeCommits(t)
  copyFileSync(foreign, segment)
  await assert.rejects(journalIn(folder.path), isFatal(/belongs to the journal/))
})

test('a segment that was begun and never used is removed, and the journal goes on', async (t) => {
  const { folder } = await threeCommits(t)
  // A header whose bytes never got to the disk may be zeros.
  for (const bytes of [0, 1, SEGMENT_HEADER_BYTES - 1, SEGMENT_HEADER_BYTES]) {
    writeFileSync(join(folder.journal, '00000000000000000006.segment'), Buffer.alloc(bytes))
    const { journal } = await journalIn(folder.path)
    assert.equal(journal.end, 6)
    await journal.close()
    assert.equal(segmentPaths(folder).length, 1)
  }
})

test('the known ids are made again from the journal when their file is lost, cut off or older', async (t) => {
  const { folder } = await threeCommits(t)
  const old = temporaryFolder(t)
  cpSync(folder.ids, join(old, 'ids.sqlite'))
  for (const lose of [
    () => forgetIds(folder),
    () => {
      forgetIds(folder)
      cpSync(join(old, 'ids.sqlite'), folder.ids)
    }
  ]) {
    lose()
    const { journal } = await journalIn(folder.path)
    const { duplicates } = await journal.append([entry('r:0'), entry('r:3'), entry('r:5')], 's', 1)
    assert.equal(duplicates, 3)
    await journal.close()
  }
})

test('a data folder below one that can have none is refused at once', () => {
  for (const path of ['/proc/playtrail/data', '/dev/null/data'])
    assert.throws(
      () => openDataFolder(path, { create: true }),
      isFatal(/cannot be made.*(ENOENT|ENOTDIR)/),
      path
    )
})

test('a data folder that cannot be made or written is refused, with what to do', (t) => {
  const path = temporaryFolder(t)
  writeFileSync(join(path, 'file'), '')
  assert.throws(
    () => openDataFolder(join(path, 'file', 'data'), { create: true }),
    isFatal(/cannot be made.*--data-dir/)
  )
  assert.throws(() => openDataFolder(join(path, 'nothing')), isFatal(/not a data folder of Playtrail/))
})
