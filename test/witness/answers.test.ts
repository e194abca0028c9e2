import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { test } from 'node:test'
import { formatAddCheckpoint } from '../../server/seal/add-checkpoint.ts'
import { openCheckpoint } from '../../server/seal/checkpoint.ts'
import { formatNote, parseNote } from '../../server/seal/note.ts'
import { type SigningKey, signText } from '../../server/seal/signing-key.ts'
import { formatVkey, parseVkey } from '../../server/seal/vkey.ts'
import { logId } from '../../server/witness/newest-cosigned.ts'
import { newKey } from '../seal/keys.ts'
import { runningWitness } from '../support/witness.ts'
import { cosignedAt, problemCode, request, submit } from './client.ts'
import { checkpoint, consistency, history } from './history.ts'

const ORIGIN = 'audit.example.org/trail'
const key = newKey(ORIGIN)
const logs = [formatVkey(key.verifier)]

test('a checkpoint that follows from the newest one is cosigned, from nothing to any size', async (t) => {
  const { url, vkey } = await runningWitness(t, { logs, now: () => 1_700_000_000_999 })
  let oldSize = 0
  for (const size of [0, 1, 2, 3, 7, 8, 9, 64, 255, 256, 257, 257, 300]) {
    const entries = history(size)
    const answer = await submit(url, request(key, oldSize, entries))
    assert.equal(cosignedAt(answer, key, entries, vkey), 1_700_000_000)
    assert.match(answer.text, /^— witness\.example\/w1 \S+\n$/)
    oldSize = size
  }
})

test('an old size that is not the known one is answered with the known one, and nothing else changes', async (t) => {
  const { url, vkey } = await runningWitness(t, { logs })
  for (const [oldSize, size] of [[3, 7]] as const) {
    const answer = await submit(url, request(key, oldSize, history(size)))
    assert.deepEqual(answer, { status: 409, type: 'text/x.tlog.size', text: '0\n' })
  }
  assert.equal((await submit(url, request(key, 0, history(5)))).status, 200)
  for (const [oldSize, size] of [
    [0, 5],
    [0, 9],
    [3, 9],
    [6, 9],
    // A log that was rolled back learns that the witness knows more than it has.
    [3, 4],
    [4, 4]
  ] as const) {
    const answer = await submit(url, request(key, oldSize, history(size)))
    assert.deepEqual(answer, { status: 409, type: 'text/x.tlog.size', text: '5\n' }, `${oldSize} ${size}`)
  }
  cosignedAt(await submit(url, request(key, 5, history(9))), key, history(9), vkey)
})

test('another root of the known size is a fork: 409, and not with a size to go on from', async (t) => {
  const { url } = await runningWitness(t, { logs })
  assert.equal((await submit(url, request(key, 0, history(5)))).status, 200)
  const answer = await submit(url, request(key, 5, history(5, { shared: 4 })))
  assert.equal(answer.status, 409)
  assert.match(answer.type ?? '', /^application\/problem\+json/)
  assert.equal(problemCode(answer), 'root_conflict')
  const empty = await runningWitness(t, { logs })
  const text = `${ORIGIN}\n0\n${Buffer.alloc(32).toString('base64')}\n`
  const note = Buffer.from(formatNote({ text, signatures: [signText(key, text)] }))
  const none = await submit(empty.url, formatAddCheckpoint({ oldSize: 0, proof: [], note }))
  assert.equal(none.status, 409)
  assert.match(await (await fetch(`${url}/metrics`)).text(), /^playtrail_witness_forks_total 1$/m)
})

test('a proof that does not lead from the known tree to the new one is answered 422', async (t) => {
  const { url, vkey } = await runningWitness(t, { logs })
  assert.equal((await submit(url, request(key, 0, history(5)))).status, 200)
  const entries = history(9)
  const good = consistency(5, entries)
  const [first = Buffer.alloc(32)] = good
  const flipped = Buffer.from(first)
  flipped[7] = (flipped[7] ?? 0) ^ 1
  const note = Buffer.from(checkpoint(entries, key))
  for (const proof of [[], good.slice(1), good.slice(0, -1), [...good, first], [flipped, ...good.slice(1)]]) {
    const answer = await submit(url, formatAddCheckpoint({ oldSize: 5, proof, note }))
    assert.equal(answer.status, 422, answer.text)
    assert.equal(problemCode(answer), 'proof_invalid')
  }
  const forked = await submit(url, request(key, 5, history(9, { shared: 4 })))
  assert.equal(forked.status, 422, 'a history that was written anew')
  const same = formatAddCheckpoint({
    oldSize: 5,
    proof: good,
    note: Buffer.from(checkpoint(history(5), key))
  })
  assert.equal((await submit(url, same)).status, 422, 'there is nothing to prove')
  cosignedAt(await submit(url, request(key, 5, entries)), key, entries, vkey)
})

test('a first checkpoint with a proof is answered 422', async (t) => {
  const { url } = await runningWitness(t, { logs })
  const note = Buffer.from(checkpoint(history(2), key))
  const body = formatAddCheckpoint({ oldSize: 0, proof: [Buffer.alloc(32)], note })
  assert.equal((await submit(url, body)).status, 422)
})

test('a checkpoint that the log did not sign is answered 403', async (t) => {
  const { url } = await runningWitness(t, { logs })
  const stranger = newKey(ORIGIN)
  const wrong = await submit(url, request(stranger, 0, history(1)))
  assert.equal(wrong.status, 403)
  assert.equal(problemCode(wrong), 'checkpoint_unsigned')
  const { text } = parseNote(Buffer.from(checkpoint(history(1), key)))
  const forged = { ...signText(key, text), signature: Buffer.alloc(64) }
  const note = Buffer.from(formatNote({ text, signatures: [forged] }))
  assert.equal((await submit(url, formatAddCheckpoint({ oldSize: 0, proof: [], note }))).status, 403)
})

test('a log that is not watched is answered 404, whoever signed', async (t) => {
  const { url } = await runningWitness(t, { logs })
  const answer = await submit(url, request(newKey('other.example/log'), 0, history(1)))
  assert.equal(answer.status, 404)
  assert.equal(problemCode(answer), 'log_unknown')
  const spaced = checkpoint(history(1), key).replace(ORIGIN, 'go.sum database tree')
  assert.equal((await submit(url, `old 0\n\n${spaced}`)).status, 404)
})

test('what is no request is answered 400', async (t) => {
  const { url, vkey } = await runningWitness(t, { logs })
  const note = checkpoint(history(3), key)
  const hash = Buffer.alloc(32).toString('base64')
  for (const body of [
    '',
    '\n\n',
    note,
    `old 0\n${note}`,
    `old\n\n${note}`,
    `old 00\n\n${note}`,
    `old -1\n\n${note}`,
    `old +1\n\n${note}`,
    `old 1.0\n\n${note}`,
    `old 0 \n\n${note}`,
    `old 0\r\n\n${note}`,
    `Old 0\n\n${note}`,
    `old 9007199254740993\n\n${note}`,
    // Older than what is to come.
    `old 4\n\n${note}`,
    `old 0\nnot base64\n\n${note}`,
    `old 0\n${hash.slice(4)}\n\n${note}`,
    `old 1\n${`${hash}\n`.repeat(64)}\n${note}`,
    'old 0\n\n',
    `old 0\n\n${note.slice(0, -1)}`,
    `old 0\n\n${note.replace('\n\n', '\n')}`,
    `old 0\n\n\u0000${note}`
  ]) {
    const answer = await submit(url, body)
    assert.equal(answer.status, 400, JSON.stringify(body))
    assert.equal(problemCode(answer), 'checkpoint_invalid')
  }
  const signed = (text: string): string => formatNote({ text, signatures: [signText(key, text)] })
  for (const text of [
    `${ORIGIN}\n`,
    `${ORIGIN}\n3\n`,
    `${ORIGIN}\n03\n${hash}\n`,
    `${ORIGIN}\n3\n${hash.slice(4)}\n`,
    `${ORIGIN}\n3\n${hash}\n\nmore\n`
  ])
    assert.equal((await submit(url, `old 0\n\n${signed(text)}`)).status, 400, JSON.stringify(text))
  cosignedAt(await submit(url, `old 0\n\n${note}`), key, history(3), vkey)
})

test('63 hashes are a proof that is looked at, and a request of more than 64 KiB is answered 413', async (t) => {
  const { url } = await runningWitness(t, { logs })
  assert.equal((await submit(url, request(key, 0, history(1)))).status, 200)
  const note = Buffer.from(checkpoint(history(3), key))
  const proof = Array.from({ length: 63 }, () => Buffer.alloc(32))
  assert.equal((await submit(url, formatAddCheckpoint({ oldSize: 1, proof, note }))).status, 422)
  const large = await submit(url, Buffer.alloc(64 * 1024 + 1))
  assert.equal(large.status, 413)
  assert.equal(problemCode(large), 'checkpoint_too_large')
  assert.equal((await submit(url, Buffer.alloc(64 * 1024))).status, 400)
})

test('any key of a log does, and signatures of strangers are passed over', async (t) => {
  const [older, newer, stranger] = [newKey(ORIGIN), newKey(ORIGIN), newKey('elsewhere.example/x')]
  const { url, vkey } = await runningWitness(t, {
    logs: [formatVkey(older.verifier), formatVkey(newer.verifier)]
  })
  const steps: [SigningKey, ...SigningKey[]][] = [[older], [older, newer], [newer], [newer, stranger]]
  for (const [size, signers] of steps.entries()) {
    const note = checkpoint(history(size), ...signers)
    const oldSize = Math.max(0, size - 1)
    const proof = consistency(oldSize, history(size))
    const answer = await submit(url, formatAddCheckpoint({ oldSize, proof, note: Buffer.from(note) }))
    assert.equal(answer.status, 200, answer.text)
    const { verified } = openCheckpoint(Buffer.from(note + answer.text), [
      older.verifier,
      newer.verifier,
      parseVkey(vkey)
    ])
    assert.ok(verified.some((each) => each.key.type === 'cosignature/v1'))
  }
  const kept = await (await fetch(`${url}/checkpoint/${logId(ORIGIN)}`)).text()
  assert.deepEqual(
    parseNote(Buffer.from(kept)).signatures.map(({ name }) => name),
    [ORIGIN, 'witness.example/w1']
  )
})

test('lines that a log added to its checkpoint are cosigned as well', async (t) => {
  const { url, vkey } = await runningWitness(t, { logs })
  const { text } = parseNote(Buffer.from(checkpoint(history(2), key)))
  const longer = `${text}an extension\n`
  const note = formatNote({ text: longer, signatures: [signText(key, longer)] })
  const answer = await submit(url, `old 0\n\n${note}`)
  assert.equal(answer.status, 200)
  const kept = parseNote(Buffer.from(note + answer.text))
  assert.equal(kept.text, longer)
  assert.ok(vkey.startsWith(kept.signatures[1]?.name ?? 'none'))
  assert.equal((await submit(url, request(key, 2, history(4)))).status, 200)
})

test('the newest checkpoint is there for anybody, with the signatures of log and witness', async (t) => {
  const { url, vkey } = await runningWitness(t, { logs })
  const path = `${url}/checkpoint/${logId(ORIGIN)}`
  assert.equal((await fetch(path)).status, 404)
  assert.match(await (await fetch(url)).text(), /audit\.example\.org\/trail\n {2}nothing was cosigned yet/)
  assert.equal((await submit(url, request(key, 0, history(4)))).status, 200)
  const kept = Buffer.from(await (await fetch(path)).arrayBuffer())
  const { size, verified } = openCheckpoint(kept, [key.verifier, parseVkey(vkey)])
  assert.equal(size, 4)
  assert.equal(verified.length, 2)
  const list = await (await fetch(url)).text()
  assert.ok(list.includes(vkey))
  assert.ok(list.includes(`GET /checkpoint/${logId(ORIGIN)}`))
  for (const id of ['', 'x', logId('other.example/log'), ORIGIN])
    assert.equal((await fetch(`${url}/checkpoint/${id}`)).status, 404, id)
})

test('it tells that it is alive, what there is, and what it counted', async (t) => {
  const { url } = await runningWitness(t, { logs, now: () => 1_700_000_000_000 })
  assert.equal((await submit(url, request(key, 0, history(4)))).status, 200)
  const health = await fetch(`${url}/healthz`)
  assert.deepEqual([health.status, ((await health.json()) as { status: string }).status], [200, 'ok'])
  const metrics = await (await fetch(`${url}/metrics`)).text()
  assert.match(metrics, /^playtrail_witness_size\{origin="audit\.example\.org\/trail"\} 4$/m)
  assert.match(metrics, /^playtrail_witness_cosigned_timestamp_seconds\{.*\} 1700000000$/m)
  const wrong = await fetch(`${url}/add-checkpoint`)
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST'])
  assert.match(await (await fetch(`${url}/nothing`)).text(), /GET \/ lists what there is/)
})

test('a body without a content type, or with any, is taken', async (t) => {
  const { url } = await runningWitness(t, { logs })
  const send = (headers: Record<string, string>, body: Buffer): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const sent = httpRequest(`${url}/add-checkpoint`, { method: 'POST', headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  const types = [{}, { 'content-type': 'application/json' }, { 'content-type': 'application/octet-stream' }]
  for (const [size, headers] of types.entries())
    assert.equal(await send(headers, request(key, Math.max(0, size - 1), history(size))), 200)
})
