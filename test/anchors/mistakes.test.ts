import assert from 'node:assert/strict'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../server/config.ts'
import { formatVkey } from '../../server/seal/vkey.ts'
import { newKey } from '../seal/keys.ts'
import { runPlaytrail } from '../support/command.ts'
import { temporaryFolder } from '../support/folder.ts'

test('anchors that cannot be meant are refused before anything is made', async (t) => {
  const elsewhere = temporaryFolder(t)
  const dataDir = join(elsewhere, 'data')
  mkdirSync(join(elsewhere, 'folder'))
  symlinkSync(elsewhere, join(elsewhere, 'link'))
  const bad: [string[], RegExp][] = [
    [['--anchor-file', ''], /--anchor-file: expected at most 2 different files; got ""/],
    [['--anchor-file', join(elsewhere, 'a'), '--anchor-file', ''], /--anchor-file: expected .*; got ""/],
    [['--anchor-file', join(dataDir, 'checkpoint')], /is in the data folder/],
    [['--anchor-file', join(elsewhere, 'link/data/x/checkpoint')], /is in the data folder/],
    [['--anchor-file', join(elsewhere, 'folder')], /expected a file; .* is a folder/],
    [['--anchor-webhook-token-file', join(elsewhere, 'token')], /expected --anchor-webhook with it/]
  ]
  for (const [flags, expected] of bad) {
    const { status, stderr } = await runPlaytrail([
      ...['serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir],
      ...flags
    ])
    assert.equal(status, 2, stderr)
    assert.match(stderr, expected)
    assert.equal(existsSync(dataDir), false)
  }
})

test('which part of a witness is wrong is said', () => {
  const witness = formatVkey(newKey('w/1', 'cosignature/v1').verifier)
  const log = formatVkey(newKey('log.example/trail').verifier)
  const bad: [string, RegExp][] = [
    [witness, /expected "=" and the URL of the witness behind its verifier key; got/],
    [`${witness}=`, /expected "=" and the URL/],
    ['https://one.example/', /expected the verifier key of the witness and "=" before its URL; got/],
    [`${log}=https://one.example/`, /type 4; this one is the key of a log, which is of type 1; got/],
    [
      `${witness.slice(0, -3)}=https://one.example/`,
      /expected the verifier key .* \(expected a verifier key/
    ],
    [`${witness.replace('+', '+0')}=https://one.example/`, /the id of the key is/],
    [`${witness}=ftp://one.example/`, /expected the http or https URL of the witness behind "="/]
  ]
  for (const [anchorWitness, expected] of bad)
    assert.throws(() => readConfig({ anchorWitness }, {}), expected)
})
