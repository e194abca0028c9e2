import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { DataFolder } from '../../server/data-folder.ts'
import type { JournalRecord } from '../../server/journal/record.ts'
import { parseSignedCheckpoint } from '../../server/seal/checkpoint.ts'
import { realLogDisk } from '../../server/seal/disk.ts'
import { makeKey, readKeys } from '../../server/seal/keys.ts'
import { formatNote } from '../../server/seal/note.ts'
import { cosignText } from '../../server/seal/signing-key.ts'
import { formatVkey } from '../../server/seal/vkey.ts'
import { newKey } from '../seal/keys.ts'
import { ORIGIN } from '../seal/world.ts'
import { segmentPaths } from '../support/journal.ts'
import { forge } from './forge.ts'
import { copyOf, type Evidence, makeEvidence, SIZE, seal, verified } from './world.ts'

const forgeries: [what: string, edit: (record: JournalRecord) => Partial<JournalRecord>, names: string][] = [
  [
    'payload',
    ({ payload }) => ({
      payload: Buffer.from(
        payload.toString().replace('"yaml', '"yamL').replace('web-1', 'web-3').replace('site', 'Site')
      )
    }),
    'payload.commitment'
  ],
  ['salt', () => ({ salt: Buffer.alloc(32, 7) }), 'payload.commitment'],
  ['id', ({ eventId }) => ({ eventId: eventId.replace(/^./, 'f') }), 'event.id'],
  ['sender', () => ({ sender: 'control-2' }), 'playtrail.sender'],
  ['time', ({ receivedAt }) => ({ receivedAt: receivedAt + 1 }), 'event.ingested']
]

test('a record whose payload, salt, id, sender or time was changed, with a checksum that fits, is named', async (t) => {
  const { folder: whole, vkey } = await makeEvidence(t)
  for (const [what, edit, name] of forgeries) {
    const folder = copyOf(t, whole)
    const byte = forge(folder, 17, edit)
    const { findings } = await verified(folder, { vkey })
    const [first] = findings.first
    assert.equal(findings.count, 1, what)
    assert.deepEqual([first?.part, first?.leaf, first?.byte], ['journal', 17, byte], what)
    assert.equal(first?.file, segmentPaths(folder)[0])
    assert.match(first?.message ?? '', new RegExp(name.replace('.', '\\.')), what)
  }
})

/** Changes a record, forgets all that was signed, and signs the new history with the real key. */
async function rewritten(
  t: Parameters<typeof copyOf>[0],
  whole: DataFolder,
  at: number
): Promise<DataFolder> {
  const folder = copyOf(t, whole)
  forge(folder, at, () => ({ sender: 'nobody' }))
  rmSync(folder.logFolder, { recursive: true })
  rmSync(join(folder.keys, 'last-signed'))
  await seal(folder)
  return folder
}

test('a history that was rewritten and signed with the real key verifies, and any checkpoint from before finds it out', async (t) => {
  const { folder: whole, vkey, checkpoints } = await makeEvidence(t)
  const folder = await rewritten(t, whole, 17)
  const alone = await verified(folder, { vkey })
  assert.deepEqual([alone.findings.count, alone.verification.anchored], [0, 0])
  for (const file of Object.values(checkpoints)) {
    const { findings } = await verified(folder, { vkey, since: [file] })
    assert.deepEqual(
      [findings.count, findings.first[0]?.part, findings.first[0]?.file],
      [1, 'old checkpoint', file]
    )
  }
})

test('a log by another key is found out by the key that is known, and by an old checkpoint', async (t) => {
  const { folder: whole, vkey, checkpoints } = await makeEvidence(t)
  const folder = copyOf(t, whole)
  forge(folder, 17, () => ({ sender: 'nobody' }))
  rmSync(folder.logFolder, { recursive: true })
  rmSync(folder.keys, { recursive: true })
  makeKey(realLogDisk, folder.keys, ORIGIN)
  await seal(folder)
  assert.equal((await verified(folder)).findings.count, 0)
  assert.equal((await verified(folder, { vkey })).findings.first[0]?.part, 'checkpoint')
  const { findings } = await verified(folder, { since: [checkpoints[600]] })
  assert.equal(findings.first[0]?.file, checkpoints[600])
})

test('a snapshot that was put back is found out by any checkpoint that is newer', async (t) => {
  const { snapshot, folder, vkey, checkpoints } = await makeEvidence(t)
  const unseen = await verified(snapshot, { vkey, since: [checkpoints[600], checkpoints[100]] })
  assert.deepEqual([unseen.findings.count, unseen.verification.old_checkpoints], [0, 2])
  // Also where only the log went back, and the journal did not.
  const half = copyOf(t, folder)
  cpSync(checkpoints[600], join(half.logFolder, 'checkpoint'))
  cpSync(checkpoints[600], join(half.keys, 'last-signed'))
  for (const old of [snapshot, half]) {
    const { findings } = await verified(old, { vkey, since: [checkpoints[640], checkpoints[100]] })
    assert.deepEqual(
      findings.first.map(({ part, leaf, file }) => [part, leaf, file]),
      [['old checkpoint', 600, checkpoints[640]]]
    )
  }
  assert.equal((await verified(half, { vkey })).verification.unsealed, 40)
})

test('what was signed last may be ahead of what is published, and has to be what the journal says', async (t) => {
  const { folder: whole, vkey, checkpoints } = await makeEvidence(t)
  const ahead = copyOf(t, whole)
  cpSync(checkpoints[600], join(ahead.logFolder, 'checkpoint'))
  const { findings, verification } = await verified(ahead, { vkey })
  assert.deepEqual([findings.first, verification.last_signed], [[], true])
  const other = await rewritten(t, whole, 17)
  cpSync(join(other.keys, 'last-signed'), join(ahead.keys, 'last-signed'))
  const { findings: found } = await verified(ahead, { vkey })
  assert.deepEqual([found.count, found.first[0]?.part], [1, 'last-signed'])
})

test('as many entries as an old checkpoint or a known witness has seen are anchored', async (t) => {
  const { folder: whole, vkey, checkpoints } = await makeEvidence(t)
  const since = [checkpoints[600], checkpoints[100]]
  assert.equal((await verified(whole, { vkey, since })).verification.anchored, 600)
  const { folder, witness } = witnessed(t, whole)
  assert.equal((await verified(folder, { vkey })).verification.anchored, 0)
  const { verification, findings } = await verified(folder, { vkey: witness })
  // The witness's key alone is given: the log's comes from beside the log.
  assert.deepEqual(
    [findings.count, verification.anchored, verification.key_came_with_the_log],
    [0, SIZE, true]
  )
})

function witnessed(
  t: Parameters<typeof copyOf>[0],
  whole: Evidence['folder']
): { folder: DataFolder; witness: string } {
  const folder = copyOf(t, whole)
  const key = newKey('witness.example.org/w', 'cosignature/v1')
  const path = join(folder.logFolder, 'checkpoint')
  const { note } = parseSignedCheckpoint(readFileSync(path))
  const signatures = [...note.signatures, cosignText(key, note.text, 1_790_000_000)]
  writeFileSync(path, formatNote({ ...note, signatures }))
  return { folder, witness: formatVkey(key.verifier) }
}

test('an old checkpoint of a key that is not known proves nothing until its key is given', async (t) => {
  const { folder: whole, checkpoints, vkey } = await makeEvidence(t)
  const folder = copyOf(t, whole)
  makeKey(realLogDisk, folder.keys, ORIGIN)
  rmSync(join(folder.keys, 'log-1.pem'))
  rmSync(folder.logFolder, { recursive: true })
  rmSync(join(folder.keys, 'last-signed'))
  await seal(folder)
  const newer = formatVkey(readKeys(realLogDisk, folder.keys)?.keys[0]?.verifier ?? assert.fail())
  const { findings } = await verified(folder, { vkey: newer, since: [checkpoints[600]] })
  assert.deepEqual([findings.count, findings.unchecked.length], [0, 1])
  const both = join(folder.path, 'both.vkey')
  writeFileSync(both, `${newer}\n${readFileSync(vkey, 'utf8')}`)
  const known = await verified(folder, { vkey: both, since: [checkpoints[600]] })
  assert.deepEqual([known.findings.count, known.findings.unchecked], [0, []])
})
