import assert from 'node:assert/strict'
import { test } from 'node:test'
import { negotiate } from '../../server/ask/accept.ts'
import { Problem } from '../../server/errors.ts'

const forms = {
  '': 'application/json',
  '*/*': 'application/json',
  'application/*': 'application/json',
  'text/*': 'text/csv',
  'application/x-ndjson': 'application/x-ndjson',
  'application/jsonl': 'application/jsonl',
  'Text/CSV; header=present': 'text/csv',
  'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8': 'application/json',
  'application/json;q=0.5, text/csv': 'text/csv',
  'text/csv;q=0.5, application/json;q=0.500': 'application/json',
  'text/csv ; q=0.9 , application/x-ndjson ; q=0.91': 'application/x-ndjson',
  '*/*;q=0.1, text/csv;q=0': 'application/json',
  'application/*;q=0.9, application/json;q=0.1': 'application/x-ndjson',
  'nonsense, text/csv': 'text/csv',
  'application/json;q=2, text/csv;q=0.1': 'text/csv'
}

for (const [accept, mediaType] of Object.entries(forms)) {
  test(`Accept "${accept}" is answered with ${mediaType}`, () => {
    assert.equal(negotiate(accept).mediaType, mediaType)
  })
}

test('without the header a page is answered', () => {
  assert.equal(negotiate(undefined).form, 'page')
})

for (const accept of ['text/html', 'application/json;q=0', 'nonsense', 'image/*, text/plain']) {
  test(`Accept "${accept}" cannot be answered`, () => {
    assert.throws(
      () => negotiate(accept),
      (error) => error instanceof Problem && error.code === 'not_acceptable' && error.message.includes(accept)
    )
  })
}
