import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../server/config.ts'
import { formatVkey } from '../../server/seal/vkey.ts'
import { newKey } from '../seal/keys.ts'

const vkey = (name: string): string => formatVkey(newKey(name, 'cosignature/v1').verifier)

test('without settings there are no anchors', () => {
  const { anchorFile, anchorWebhook, anchorWitness, anchorEvery } = readConfig({}, {})
  assert.deepEqual([anchorFile, anchorWebhook, anchorWitness, anchorEvery], [[], [], [], 60])
})

test('several are lines of a flag, or stand in a variable with spaces between', () => {
  const witnesses = [`${vkey('w/1')}=https://one.example/w`, `${vkey('w/2')}=http://127.0.0.1:8471/`]
  const given = readConfig(
    { anchorFile: '/mnt/with space/a\n/mnt/b' },
    {
      PLAYTRAIL_ANCHOR_WEBHOOK: ' https://one.example/a?b=c\n https://two.example/ ',
      PLAYTRAIL_ANCHOR_WITNESS: witnesses.join(' ')
    }
  )
  assert.deepEqual(given.anchorFile, ['/mnt/with space/a', '/mnt/b'])
  assert.deepEqual(given.anchorWebhook, ['https://one.example/a?b=c', 'https://two.example/'])
  assert.deepEqual(
    given.anchorWitness.map(({ url, vkey: { name } }) => [name, url]),
    [
      ['w/1', 'https://one.example/w'],
      ['w/2', 'http://127.0.0.1:8471']
    ]
  )
})

test('what is no anchor is refused, and its secrets are not shown', () => {
  const log = formatVkey(newKey('log.example/trail').verifier)
  const one = vkey('w/1')
  const bad: [string, string][] = [
    ['PLAYTRAIL_ANCHOR_FILE', '/a /b /c'],
    ['PLAYTRAIL_ANCHOR_FILE', '/a /b/../a'],
    ['PLAYTRAIL_ANCHOR_WEBHOOK', 'ftp://one.example/s3cr3t'],
    ['PLAYTRAIL_ANCHOR_WEBHOOK', 'https://me:s3cr3t@one.example/'],
    ['PLAYTRAIL_ANCHOR_WEBHOOK', 'https://one.example/s3cr3t https://one.example/s3cr3t'],
    ['PLAYTRAIL_ANCHOR_WITNESS', 'https://one.example/'],
    ['PLAYTRAIL_ANCHOR_WITNESS', one],
    ['PLAYTRAIL_ANCHOR_WITNESS', `${log}=https://one.example/`],
    ['PLAYTRAIL_ANCHOR_WITNESS', `${one}=https://one.example/ ${one}=https://two.example/`],
    ['PLAYTRAIL_ANCHOR_WITNESS', `${one.replace('+', '+0')}=https://one.example/`],
    ['PLAYTRAIL_ANCHOR_EVERY', '0'],
    ['PLAYTRAIL_ANCHOR_EVERY', '86401'],
    ['PLAYTRAIL_ANCHOR_EVERY', '1.5']
  ]
  for (const [variable, text] of bad) {
    assert.throws(
      () => readConfig({}, { [variable]: text }),
      ({ name, message }: Error) => {
        assert.equal(name, 'ConfigurationError')
        assert.match(message, new RegExp(`${variable}: expected `), text)
        assert.doesNotMatch(message, /s3cr3t/)
        return true
      },
      text
    )
  }
})
