import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from '../../server/ask/nearest.ts'

const known = ['playbook', 'host', 'user', 'status']

test('a misspelled word is known again', () => {
  for (const word of ['host', 'Host', 'hosts', 'hst']) assert.equal(nearest(word, known), 'host')
  assert.equal(nearest('playbok', known), 'playbook')
  for (const word of ['hsot', 'ohst', 'hots']) assert.equal(nearest(word, known), 'host')
})

test('another word is not taken for one of ours', () => {
  for (const word of ['sort', 'x', '', 'h'.repeat(1000)]) assert.equal(nearest(word, known), undefined)
  assert.equal(nearest('host', []), undefined)
})
