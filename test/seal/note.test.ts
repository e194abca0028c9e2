import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatCheckpoint, openCheckpoint, parseCheckpoint } from '../../server/seal/checkpoint.ts'
import { cosignatureSeconds } from '../../server/seal/cosignature.ts'
import {
  formatNote,
  formatSignature,
  NOTE_SIGNATURES_MAX,
  openNote,
  parseNote,
  parseSignatures
} from '../../server/seal/note.ts'
import { cosignText, signText } from '../../server/seal/signing-key.ts'
import { formatVkey, parseVkey } from '../../server/seal/vkey.ts'
import { temporaryFolder } from '../support/folder.ts'
import { newKey, publicPem } from './keys.ts'

const bad = { name: 'BadEvidence' }
const ORIGIN = 'audit.example.org/trail'
const root = Buffer.alloc(32, 7)
const text = formatCheckpoint({ origin: ORIGIN, size: 1_000, root })
const log = newKey(ORIGIN)
const signed = Buffer.from(formatNote({ text, signatures: [signText(log, text)] }))

// The example of https://c2sp.org/signed-note
const EXAMPLE_VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const EXAMPLE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`

test('the example of the specification verifies, and its key is written as it was read', () => {
  const key = parseVkey(EXAMPLE_VKEY)
  assert.equal(formatVkey(key), EXAMPLE_VKEY)
  const note = openNote(Buffer.from(EXAMPLE), [key])
  assert.equal(note.text, 'This is an example message.\n')
  assert.equal(note.verified[0]?.key, key)
  assert.equal(formatNote(note), EXAMPLE)
})

test('a checkpoint that was signed opens with the key, and with no other', () => {
  const opened = openCheckpoint(signed, [log.verifier])
  assert.deepEqual([opened.origin, opened.size, opened.root], [ORIGIN, 1_000, root])
  assert.throws(() => openCheckpoint(signed, [newKey(ORIGIN).verifier]), bad)
  assert.throws(() => openCheckpoint(signed, []), bad)
})

test('OpenSSL finds the signature good, and not that of another text', (t) => {
  const folder = temporaryFolder(t)
  const path = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const [signature] = parseNote(signed).signatures
  const key = path('key.pem', publicPem(log))
  const good = path('signature', signature?.signature ?? '')
  const verify = (body: string): string =>
    execFileSync(
      'openssl',
      ['pkeyutl', '-verify', '-pubin', '-inkey', key, '-rawin', '-in', path('body', body), '-sigfile', good],
      { encoding: 'utf8', stdio: 'pipe' }
    )
  assert.match(verify(text), /Signature Verified Successfully/)
  assert.throws(() => verify(text.replace('1000', '1001')))
})

test('a signed checkpoint in which any bit was flipped does not open', () => {
  for (let bit = 0; bit < signed.length * 8; bit++) {
    const changed = Buffer.from(signed)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.throws(() => openCheckpoint(changed, [log.verifier]), bad, `bit ${bit}`)
  }
})

test('a signed checkpoint that was cut anywhere does not open', () => {
  for (let cut = 0; cut < signed.length; cut++)
    assert.throws(() => openCheckpoint(signed.subarray(0, cut), [log.verifier]), bad, `${cut} bytes`)
})

test('signatures by unknown keys are ignored, up to a hundred lines', () => {
  const others = Array.from({ length: NOTE_SIGNATURES_MAX - 1 }, (_, i) => newKey(`other-${i}`))
  const signatures = [...others.map((key) => signText(key, text)), signText(log, text)]
  const note = formatNote({ text, signatures })
  assert.equal(openCheckpoint(Buffer.from(note), [log.verifier]).verified.length, 1)
  const more = note + formatSignature(signText(newKey('one-more'), text))
  assert.throws(() => openCheckpoint(Buffer.from(more), [log.verifier]), bad)
})

test('one wrong signature by a known key spoils the note, whatever others say', () => {
  const other = newKey(ORIGIN)
  const wrong = signText(other, text.replace('1000', '999'))
  const note = Buffer.from(formatNote({ text, signatures: [signText(log, text), wrong] }))
  assert.throws(() => openCheckpoint(note, [log.verifier, other.verifier]), bad)
  assert.equal(openCheckpoint(note, [log.verifier]).verified.length, 1)
})

test('a log whose key was changed signs with both, and opens with either', () => {
  const next = newKey(ORIGIN)
  const note = Buffer.from(formatNote({ text, signatures: [signText(log, text), signText(next, text)] }))
  assert.equal(openCheckpoint(note, [log.verifier]).verified.length, 1)
  assert.equal(openCheckpoint(note, [next.verifier]).verified.length, 1)
  assert.equal(openCheckpoint(note, [log.verifier, next.verifier]).verified.length, 2)
})

test('a cosignature says when a witness saw the checkpoint, and alone makes it none of the log', () => {
  const witness = newKey('witness.example.net', 'cosignature/v1')
  const cosignature = cosignText(witness, text, 1_770_000_000)
  const note = Buffer.from(formatNote({ text, signatures: [signText(log, text), cosignature] }))
  const { verified } = openCheckpoint(note, [log.verifier, parseVkey(formatVkey(witness.verifier))])
  assert.deepEqual(
    verified.map(({ key }) => key.type),
    ['ed25519', 'cosignature/v1']
  )
  assert.equal(cosignatureSeconds(verified[1]?.signature.signature ?? Buffer.alloc(0)), 1_770_000_000)
  assert.throws(() => openCheckpoint(note, [witness.verifier]), bad)

  const earlier = Buffer.from(cosignature.signature)
  earlier[7] = (earlier[7] ?? 0) ^ 1
  const changed = { text, signatures: [signText(log, text), { ...cosignature, signature: earlier }] }
  assert.throws(() => openCheckpoint(Buffer.from(formatNote(changed)), [log.verifier, witness.verifier]), bad)
  assert.deepEqual(parseSignatures(formatSignature(cosignature)), [cosignature])
})

test('a text that is not a checkpoint to the letter is none', () => {
  const rootText = root.toString('base64')
  assert.deepEqual(parseCheckpoint(text), { origin: ORIGIN, size: 1_000, root })
  for (const wrong of [
    '',
    `${ORIGIN}\n1000\n${rootText}`,
    `${ORIGIN}\n1000\n${rootText}\nextension\n`,
    `${ORIGIN}\n1000\n${rootText}\n\n`,
    `${ORIGIN}\n01000\n${rootText}\n`,
    `${ORIGIN}\n-1\n${rootText}\n`,
    `${ORIGIN}\n1e3\n${rootText}\n`,
    `${ORIGIN}\n9007199254740993\n${rootText}\n`,
    `${ORIGIN}\n1000\n${rootText.slice(0, -1)}\n`,
    `${ORIGIN}\n1000\n${root.toString('base64url')}\n`,
    `${ORIGIN}\n1000\n${Buffer.alloc(31).toString('base64')}\n`,
    `${ORIGIN}\r\n1000\n${rootText}\n`,
    `\n1000\n${rootText}\n`,
    `a b\n1000\n${rootText}\n`
  ])
    assert.throws(() => parseCheckpoint(wrong), bad, JSON.stringify(wrong))
})

test('a key whose id does not belong to its name and bytes is none', () => {
  const vkey = formatVkey(log.verifier)
  assert.deepEqual(parseVkey(vkey), log.verifier)
  fc.assert(
    fc.property(fc.nat({ max: vkey.length - 1 }), fc.constantFrom(...'ab01+/. '), (at, character) => {
      fc.pre(vkey[at] !== character)
      assert.throws(() => parseVkey(vkey.slice(0, at) + character + vkey.slice(at + 1)), bad)
    })
  )
  for (const wrong of ['', 'a', 'a+b', `${vkey} `, vkey.slice(0, -1), `${vkey}+x`])
    assert.throws(() => parseVkey(wrong), bad, wrong)
})
