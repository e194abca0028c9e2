import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeCursor, encodeCursor, type List } from '../../server/ask/cursors.ts'
import { Problem } from '../../server/errors.ts'
import { ask } from './app.ts'

function forged(parts: string): string {
  return Buffer.from(parts).toString('base64url')
}

test('a cursor that is given back is the position that it was made of', () => {
  const positions: [List, (string | number)[]][] = [
    ['events', [Date.UTC(9999, 11, 31) * 1000, 7]],
    ['events, oldest first', [Date.UTC(1, 0) * 1000, 0]],
    ['runs', ['019a5344-9e0b-7c3f-8a51-6d1e0c9b7a42']],
    ['hosts by -last_run', [-0.25, 'web-1']],
    ['tasks by -failure_rate', [Number.MAX_VALUE, 'key']],
    ['drift', ['web-1', '', '["","ü"]']]
  ]
  for (const [list, position] of positions)
    assert.deepEqual(decodeCursor(list, encodeCursor(list, position)), position)
})

test('a forged cursor is refused, and no more than its beginning is told again', async (t) => {
  const { get } = await ask(t, [])
  const cursors = {
    '/v1/events': [
      '[1,"events",1e999,1]',
      '[1,"events",1.5,1]',
      '[1,"events",1e300,1]',
      '[1,"events",null,1]'
    ],
    '/v1/runs': ['[1,"runs",1]', '[1,"runs"]', '[2,"runs","x"]', '[1,"runs","x","y"]'],
    '/v1/hosts': ['[1,"hosts by -last_run",1e999,"web-1"]', '[1,"hosts by -last_run","1","web-1"]'],
    '/v1/drift': ['[1,"drift","web-1","site.yml",1]', '{"0":1}', 'null']
  }
  for (const [url, given] of Object.entries(cursors)) {
    for (const each of given) {
      const { status, body } = await get(`${url}?cursor=${forged(each)}`)
      assert.deepEqual([status, body.code], [400, 'cursor_invalid'], `${url} ${each}`)
    }
  }
  const long = 'x'.repeat(1000)
  assert.throws(
    () => decodeCursor('runs', long),
    (error) => error instanceof Problem && error.message.length < 300 && /x{100}…/.test(error.message)
  )
})
