import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createToken } from '../../server/access.ts'
import { readConfig } from '../../server/config.ts'
import { standingOf } from '../../server/life/standing.ts'
import { temporaryFolder } from '../support/folder.ts'

test('how the service stands is told also while the file of the tokens is damaged, without their number', (t) => {
  const tokensFile = join(temporaryFolder(t), 'tokens.json')
  const standing = standingOf({
    config: readConfig({}, {}),
    journal: { end: 7, size: { segments: 1, bytes: 512, queuedBytes: 0 } },
    space: { freeBytes: undefined },
    sealer: { size: 7 },
    logOrigin: 'audit.example.org/trail',
    tokensFile,
    indexCursor: () => undefined
  })
  const shown = (): unknown[] => [standing().journal_end, standing().access, standing().tokens]
  assert.deepEqual(shown(), [7, 'open', 0])
  createToken(tokensFile, 'ansible', 'sender', new Date())
  assert.deepEqual(shown(), [7, 'tokens', 1])
  writeFileSync(tokensFile, '[{"name":')
  // The door stays shut.
  assert.deepEqual(shown(), [7, 'tokens', undefined])
})
