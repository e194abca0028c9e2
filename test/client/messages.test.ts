import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Message, messagesIn } from '../../client/messages.ts'

const STREAM = [
  ': hello\n',
  'id: 1\r\nevent: run\r\ndata: {"a":1}\r\n\r\n',
  'data: two\ndata: lines\n\n',
  'event: nothing\n\n',
  'retry: 10\nid\rdata\r\r',
  'data:tight\n\n',
  'data: cut off'
].join('')

const MESSAGES: Message[] = [
  { id: '1', event: 'run', data: '{"a":1}' },
  { id: '1', event: 'message', data: 'two\nlines' },
  { id: '', event: 'message', data: '' },
  { id: '', event: 'message', data: 'tight' }
]

test('an id is heard of also where there is no message', async () => {
  const ids: string[] = []
  const stream = from([':\nid: 1\n\n', 'id: 2\ndata: x\n\n', ':\nid: 3\n\n'])
  const messages = await Array.fromAsync(messagesIn(stream, (id) => ids.push(id)))
  assert.deepEqual([ids, messages], [['1', '3'], [{ id: '2', event: 'message', data: 'x' }]])
})

test('the messages of a stream are the same, however it is cut into pieces', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: STREAM.length })), async (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length]
      const pieces = at.slice(1).map((end, index) => STREAM.slice(at[index], end))
      assert.deepEqual(await Array.fromAsync(messagesIn(from(pieces))), MESSAGES)
    })
  )
})

async function* from(pieces: readonly string[]): AsyncGenerator<string> {
  yield* pieces
}
