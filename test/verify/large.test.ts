import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { formatCheckpoint } from '../../server/seal/checkpoint.ts'
import { realLogDisk } from '../../server/seal/disk.ts'
import { growLog } from '../../server/seal/growing-log.ts'
import { HASH_BYTES, leafHash } from '../../server/seal/hashes.ts'
import { formatNote } from '../../server/seal/note.ts'
import { completeRoot } from '../../server/seal/proofs.ts'
import { signText } from '../../server/seal/signing-key.ts'
import { formatVkey, type VerifierKey } from '../../server/seal/vkey.ts'
import { type Finding, Findings } from '../../server/verify/findings.ts'
import { folderSource } from '../../server/verify/log-source.ts'
import { verifyLog } from '../../server/verify/verify-log.ts'
import { newKey } from '../seal/keys.ts'
import { ORIGIN } from '../seal/world.ts'
import type { Ending } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'

/** A full tile on level 1, and so one on level 2. */
const SIZE = 65_536 + 300
const WIDE = 256

function largeLog(t: Ending): { log: string; key: VerifierKey } {
  const log = join(temporaryFolder(t), 'log')
  mkdirSync(log)
  const growing = growLog(realLogDisk, log)
  for (let i = 0; i < SIZE; i++) growing.append(Buffer.from(`entry ${i}`))
  growing.flush()
  const key = newKey(ORIGIN)
  const text = formatCheckpoint({ origin: ORIGIN, size: SIZE, root: growing.tree.root() })
  writeFileSync(join(log, 'checkpoint'), formatNote({ text, signatures: [signText(key, text)] }))
  writeFileSync(join(log, 'log.vkey'), `${formatVkey(key.verifier)}\n`)
  return { log, key: key.verifier }
}

async function findingsIn(log: string, key: VerifierKey): Promise<Findings> {
  const findings = new Findings()
  const onProgress = (): void => undefined
  await verifyLog({ source: folderSource(log), logFolder: log, keys: [key], since: [], onProgress }, findings)
  return findings
}

type Edit = (bytes: Buffer) => Buffer | undefined

const flip =
  (at: number): Edit =>
  (bytes) => {
    const copy = Buffer.from(bytes)
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at)
    return copy
  }
const cut =
  (bytes: number): Edit =>
  (whole) =>
    whole.subarray(0, bytes)
const remove: Edit = () => undefined
const exchange =
  (one: number, other: number): Edit =>
  (bytes) => {
    const copy = Buffer.from(bytes)
    const hash = (at: number): Buffer => bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)
    hash(other).copy(copy, one * HASH_BYTES)
    hash(one).copy(copy, other * HASH_BYTES)
    return copy
  }

/** What is done to which file, and the leaf and the byte where it is found. */
const damages: [file: string, edit: Edit, leaf: number, byte: number][] = [
  ['tile/2/000.p/1', flip(3), 0, 0],
  ['tile/2/000.p/1', remove, 0, 0],
  ['tile/2/000.p/1', cut(31), 0, 0],
  ['tile/1/000', flip(7 * HASH_BYTES + 5), 7 * WIDE, 7 * HASH_BYTES],
  ['tile/1/000', flip(255 * HASH_BYTES), 255 * WIDE, 255 * HASH_BYTES],
  ['tile/1/000', exchange(12, 200), 12 * WIDE, 12 * HASH_BYTES],
  ['tile/1/000', cut(100 * HASH_BYTES), 100 * WIDE, 100 * HASH_BYTES],
  ['tile/1/000', remove, 0, 0],
  ['tile/1/001.p/1', flip(0), 65_536, 0],
  ['tile/1/001.p/1', remove, 65_536, 0],
  ['tile/0/255', flip(9 * HASH_BYTES), 255 * WIDE + 9, 9 * HASH_BYTES],
  ['tile/0/256', exchange(0, 255), 65_536, 0],
  ['tile/0/257.p/44', flip(43 * HASH_BYTES), SIZE - 1, 43 * HASH_BYTES],
  ['tile/entries/255', flip(2), 255 * WIDE, 0],
  ['tile/entries/257.p/44', cut(5), 65_792, 0],
  ['tile/entries/100', remove, 100 * WIDE, 0]
]

test('in a log of more than 65,536 leaves damage on every level is found at its place', async (t) => {
  const { log, key } = largeLog(t)
  assert.deepEqual((await findingsIn(log, key)).first, [])
  for (const [name, edit, leaf, byte] of damages) {
    const file = join(log, name)
    const before = readFileSync(file)
    const after = edit(before)
    if (after === undefined) rmSync(file)
    else writeFileSync(file, after)
    const [first] = (await findingsIn(log, key)).first
    const about = `${name} ${edit.name}: ${JSON.stringify(first)}`
    assert.deepEqual([first?.file, first?.leaf, first?.byte], [file, leaf, byte], about)
    writeFileSync(file, before)
  }
})

test('an entry that was changed with all hashes up to level 1 is found below the hash that was signed', async (t) => {
  const { log, key } = largeLog(t)
  const tile = (name: string): string => join(log, 'tile', name)
  const [entries, leaves, above] = [tile('entries/003'), tile('0/003'), tile('1/000')]
  const put = (path: string, at: number, bytes: Buffer): void => {
    const copy = readFileSync(path)
    bytes.copy(copy, at)
    writeFileSync(path, copy)
  }
  put(entries, 2, Buffer.from('E'))
  const bundle = readFileSync(entries)
  put(leaves, 0, leafHash(bundle.subarray(2, 2 + bundle.readUInt16BE(0))))
  put(above, 3 * HASH_BYTES, completeRoot(readFileSync(leaves)))
  const { first } = await findingsIn(log, key)
  const [found] = first as [Finding]
  assert.deepEqual([found.file, found.leaf], [above, 0])
  assert.match(found.message, /the 65536 leaves from here on .* were changed together/)
})
