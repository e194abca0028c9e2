import assert from 'node:assert/strict'
import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type DataFolder, openDataFolder } from '../../server/data-folder.ts'
import { Fatal } from '../../server/errors.ts'
import { openJournal } from '../../server/journal/journal.ts'
import { SEGMENT_HEADER_BYTES, segmentName } from '../../server/journal/segment.ts'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { entry, segmentPaths } from '../support/journal.ts'
import { type Random, randomOf } from '../support/random.ts'

const MUTATIONS = Number(process.env.JOURNAL_MUTATIONS ?? 300)
const SEED = Number(process.env.JOURNAL_MUTATION_SEED ?? Math.floor(Math.random() * 2 ** 31))
const SEGMENT_BYTES_MAX = 1_200
const RECORDS = 40

const options = {
  segmentBytesMax: SEGMENT_BYTES_MAX,
  onBroken: (error: unknown) => {
    throw error
  }
}

/** A closed journal of several segments. */
async function segments(t: TestContext): Promise<DataFolder> {
  const folder = openDataFolder(join(temporaryFolder(t), 'data'), { create: true })
  const journal = await openJournal(folder, options)
  for (let index = 0; index < RECORDS; index++)
    await journal.append(
      [entry(`r:${index}`, `{"index":${index},"text":"${'x'.repeat(index % 7)}"}`)],
      's',
      1
    )
  await journal.close()
  assert.ok(segmentPaths(folder).length > 3)
  return folder
}

/** Where each record begins, and where the last one ends. */
function places(bytes: Buffer): number[] {
  const offsets = [SEGMENT_HEADER_BYTES]
  for (let at = SEGMENT_HEADER_BYTES; at < bytes.length; at = offsets.at(-1) ?? 0)
    offsets.push(at + bytes.readUInt32LE(at + 8))
  return offsets
}

/** Each changes one segment, or the names of all. */
const mutations: Record<string, (folder: DataFolder, random: Random) => void> = {
  'a flipped bit': (folder, random) =>
    edit(folder, random, (bytes) => {
      const at = random.integer(bytes.length)
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.integer(8)), at)
      return bytes
    }),
  'a byte that was put in': (folder, random) =>
    edit(folder, random, (bytes) => {
      const at = random.integer(bytes.length)
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([random.integer(256)]), bytes.subarray(at)])
    }),
  'bytes that were taken out': (folder, random) =>
    edit(folder, random, (bytes) => {
      const at = random.integer(bytes.length)
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.integer(300))])
    }),
  'a segment that was cut': (folder, random) =>
    edit(folder, random, (bytes) => bytes.subarray(0, random.integer(bytes.length))),
  'a record that was taken out': (folder, random) =>
    editRecords(folder, random, (records, at) => records.toSpliced(at, 1)),
  'a record that is there twice': (folder, random) =>
    editRecords(folder, random, (records, at) => records.toSpliced(at, 0, records[at] ?? records[0])),
  'two records that changed places': (folder, random) =>
    editRecords(folder, random, (records, at) => {
      const other = (at + 1 + random.integer(records.length - 1)) % records.length
      return records.with(at, records[other] ?? records[0]).with(other, records[at] ?? records[0])
    }),
  'zeros in the place of a block': (folder, random) =>
    edit(folder, random, (bytes) => {
      const at = random.integer(bytes.length)
      return bytes.fill(0, at, Math.min(at + 512, bytes.length))
    }),
  'a segment that is missing': (folder, random) => rmSync(random.pick(paths(folder))),
  'a segment with another name': (folder, random) =>
    renameSync(
      random.pick(paths(folder)),
      join(folder.journal, segmentName(RECORDS + 1 + random.integer(9)))
    ),
  'a segment that is there twice': (folder, random) =>
    copyFileSync(random.pick(paths(folder)), join(folder.journal, segmentName(RECORDS + random.integer(9)))),
  'two segments that changed places': (folder, random) => {
    const [first, second] = [random.pick(paths(folder)), random.pick(paths(folder))]
    const other = first === second ? (paths(folder).find((path) => path !== first) ?? '') : second
    const bytes = readFileSync(first)
    copyFileSync(other, first)
    writeFileSync(other, bytes)
  }
}

function paths(folder: DataFolder): [string, ...string[]] {
  const [first = '', ...others] = segmentPaths(folder)
  return [first, ...others]
}

function edit(folder: DataFolder, random: Random, change: (bytes: Buffer) => Buffer): void {
  const path = random.pick(paths(folder))
  writeFileSync(path, change(readFileSync(path)))
}

function editRecords(
  folder: DataFolder,
  random: Random,
  change: (records: [Buffer, ...Buffer[]], at: number) => Buffer[]
): void {
  edit(folder, random, (bytes) => {
    const at = places(bytes)
    const [first = bytes, ...others] = at
      .slice(0, -1)
      .map((start, number) => bytes.subarray(start, at[number + 1]))
    const changed = change([first, ...others], random.integer(others.length + 1))
    return Buffer.concat([bytes.subarray(0, SEGMENT_HEADER_BYTES), ...changed])
  })
}

function contents(folder: DataFolder): Map<string, string> {
  return new Map(
    readdirSync(folder.journal).map((name) => [name, readFileSync(join(folder.journal, name), 'latin1')])
  )
}

test(`${MUTATIONS} times a segment is changed: the start stops, names the place and touches nothing, unless all records are whole`, async (t) => {
  t.diagnostic(`JOURNAL_MUTATION_SEED=${SEED}`)
  const folder = await segments(t)
  const copy = `${folder.path}-copy`
  onEnd(t, () => rmSync(copy, { recursive: true, force: true }))
  cpSync(folder.path, copy, { recursive: true })
  const whole = contents(folder)
  const names = Object.keys(mutations) as [string, ...string[]]
  for (let seed = SEED; seed < SEED + MUTATIONS; seed++) {
    const random = randomOf(seed)
    const name = random.pick(names)
    mutations[name]?.(folder, random)
    const changed = contents(folder)
    const about = `${name}, JOURNAL_MUTATION_SEED=${seed}`
    if (keepsAll(changed, whole)) {
      await (await openJournal(folder, options)).close()
      assert.ok(same(contents(folder), whole), `what stands behind the last record is cut off: ${about}`)
      continue
    }
    await assert.rejects(
      openJournal(folder, options),
      (error) =>
        error instanceof Fatal &&
        /\.segment(:| is damaged at byte \d+| begins with record \d+)|journal ends with record \d+, but record \d+/.test(
          error.message
        ),
      about
    )
    assert.deepEqual(contents(folder), changed, `nothing is repaired silently: ${about}`)
    rmSync(folder.path, { recursive: true })
    cpSync(copy, folder.path, { recursive: true })
  }
  assert.ok(existsSync(folder.ids))
  await (await openJournal(folder, options)).close()
})

function same(one: Map<string, string>, other: Map<string, string>): boolean {
  return one.size === other.size && [...one].every(([name, content]) => other.get(name) === content)
}

/** True if all that is new stands behind the last record. */
function keepsAll(changed: Map<string, string>, whole: Map<string, string>): boolean {
  const last = [...whole.keys()].sort().at(-1) ?? ''
  return (
    changed.size === whole.size &&
    [...whole].every(([name, text]) =>
      name === last ? changed.get(name)?.startsWith(text) : changed.get(name) === text
    )
  )
}
