import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { limits } from '../../server/limits.ts'
import { openQuarantine, type Quarantined, quarantinedContent } from '../../server/receive/quarantine.ts'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'

function refused(line: number, content: Buffer): Quarantined {
  return {
    received: '2026-11-05T09:30:00.000Z',
    sender: 's',
    request: 'r',
    code: 'event_invalid',
    message: 'm',
    line,
    ...quarantinedContent(content)
  }
}

test('the quarantine is bounded: the oldest file goes first, the newest entry is always there', async (t) => {
  const folder = temporaryFolder(t)
  const quarantine = await openQuarantine(folder)
  const large = Buffer.alloc(limits.quarantineEntryBytesMax, 0x61)
  const count = Math.ceil(((limits.quarantineFilesMax + 2) * limits.quarantineFileBytesMax) / large.length)
  for (let line = 0; line < count; line++) await quarantine.add([refused(line, large)])
  await quarantine.close()
  const names = readdirSync(folder).sort()
  assert.equal(names.length, limits.quarantineFilesMax)
  assert.ok(
    names.every(
      (name) => statSync(join(folder, name)).size < limits.quarantineFileBytesMax + 2 * large.length
    )
  )
  const last = readFileSync(join(folder, names.at(-1) ?? ''), 'utf8')
    .trimEnd()
    .split('\n')
    .at(-1)
  assert.equal(JSON.parse(last ?? '').line, count - 1)
})

test('the quarantine goes on in its last file after a restart, readable by its owner alone', async (t) => {
  const folder = temporaryFolder(t)
  for (const line of [1, 2]) {
    const quarantine = await openQuarantine(folder)
    await quarantine.add([refused(line, Buffer.from('x'))])
    await quarantine.close()
  }
  const [name, ...others] = readdirSync(folder)
  assert.deepEqual(others, [])
  assert.equal(statSync(join(folder, name ?? '')).mode & 0o777, 0o600)
  assert.equal(
    readFileSync(join(folder, name ?? ''), 'utf8')
      .trimEnd()
      .split('\n').length,
    2
  )
})

test('content that is too long is cut, and says from how much', () => {
  const content = quarantinedContent(Buffer.alloc(limits.quarantineEntryBytesMax + 1, 0x61))
  assert.equal(content.content.length, limits.quarantineEntryBytesMax)
  assert.equal(content.cut_from, limits.quarantineEntryBytesMax + 1)
})

test('a line that a crash has torn is ended, so that what comes after it can be read', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, '000000000000.ndjson'), '{"received":"2026-')
  const quarantine = await openQuarantine(folder)
  await quarantine.add([refused(7, Buffer.from('x'))])
  await quarantine.close()
  const lines = readFileSync(join(folder, '000000000000.ndjson'), 'utf8').trimEnd().split('\n')
  assert.equal(JSON.parse(lines.at(-1) ?? '').line, 7)
})

test('more refused events than may wait for the disk are answered overloaded', async (t) => {
  const quarantine = await openQuarantine(temporaryFolder(t))
  onEnd(t, () => quarantine.close())
  const large = Buffer.alloc(limits.quarantineEntryBytesMax, 0x61)
  const count = Math.ceil(limits.quarantineQueueBytesMax / large.length) + 2
  const added = await Promise.allSettled(
    Array.from({ length: count }, (_, line) => quarantine.add([refused(line, large)]))
  )
  const codes = added.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []))
  assert.ok(codes.length > 0 && codes.every((code) => code === 'overloaded'))
  await quarantine.add([refused(0, large)])
})
