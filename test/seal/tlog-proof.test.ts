import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatCheckpoint } from '../../server/seal/checkpoint.ts'
import { HASH_BYTES } from '../../server/seal/hashes.ts'
import { formatNote } from '../../server/seal/note.ts'
import { inclusionProof } from '../../server/seal/proofs.ts'
import { signText } from '../../server/seal/signing-key.ts'
import { decodeTlogProof, encodeTlogProof, verifyTlogProof } from '../../server/seal/tlog-proof.ts'
import { goldenEntry, goldenTree } from './golden.ts'
import { newKey } from './keys.ts'

const bad = { name: 'BadEvidence' }
const ORIGIN = 'audit.example.org/trail'
const SIZE = 1_000
const log = newKey(ORIGIN)
const { tree, tiles } = goldenTree(SIZE)
const text = formatCheckpoint({ origin: ORIGIN, size: SIZE, root: tree.root() })
const checkpoint = formatNote({ text, signatures: [signText(log, text)] })

async function proofOf(index: number): Promise<Buffer> {
  const hashes = await inclusionProof(
    async ({ level, index: at, width }) =>
      (tiles.get(`${level}/${at}`) ?? Buffer.alloc(0)).subarray(0, width * HASH_BYTES),
    index,
    SIZE
  )
  return Buffer.from(encodeTlogProof({ index, hashes, checkpoint }))
}

test('a proof shows that its entry is in the log, and that no other is at its place', async () => {
  for (const index of [0, 1, 255, 256, 767, 768, 999]) {
    const proof = decodeTlogProof(await proofOf(index))
    assert.equal(verifyTlogProof(proof, goldenEntry(index), [log.verifier]).size, SIZE)
    assert.throws(() => verifyTlogProof(proof, goldenEntry(index + 1), [log.verifier]), bad)
    assert.throws(
      () => verifyTlogProof({ ...proof, index: (index + 1) % SIZE }, goldenEntry(index), [log.verifier]),
      bad
    )
    assert.throws(() => verifyTlogProof(proof, goldenEntry(index), [newKey(ORIGIN).verifier]), bad)
  }
})

test('a proof at a thousand entries has less than 700 bytes, and is written as it was read', async () => {
  const file = await proofOf(500)
  assert.ok(file.length < 700, `${file.length} bytes`)
  assert.equal(encodeTlogProof(decodeTlogProof(file)), file.toString('utf8'))
  const withExtra = Buffer.from(encodeTlogProof({ ...decodeTlogProof(file), extra: Buffer.from('more') }))
  assert.equal(decodeTlogProof(withExtra).extra?.toString(), 'more')
  assert.equal(encodeTlogProof(decodeTlogProof(withExtra)), withExtra.toString('utf8'))
})

test('a proof in which any bit was flipped proves nothing', async () => {
  const file = await proofOf(500)
  for (let bit = 0; bit < file.length * 8; bit++) {
    const changed = Buffer.from(file)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const verify = (): unknown => verifyTlogProof(decodeTlogProof(changed), goldenEntry(500), [log.verifier])
    assert.throws(verify, bad, `bit ${bit}`)
  }
})

test('a proof that was cut anywhere proves nothing', async () => {
  const file = await proofOf(999)
  for (let cut = 0; cut < file.length; cut++) {
    const verify = (): unknown =>
      verifyTlogProof(decodeTlogProof(file.subarray(0, cut)), goldenEntry(999), [log.verifier])
    assert.throws(verify, bad, `${cut} bytes`)
  }
})
