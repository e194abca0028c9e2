import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerOf } from '../../server/anchors/post.ts'

test('of a problem document its detail is told, or its title; of another answer its beginning', () => {
  const told = (text: string, isCut = false): string => answerOf({ status: 404, text, isCut })
  const detail = `no log\n  ${'x'.repeat(50)} is watched`
  assert.equal(
    told(JSON.stringify({ title: 'Not found', detail, code: 'x'.repeat(300) })),
    `404: ${detail.replace(/\s+/g, ' ')}`
  )
  assert.equal(told('{"title":"Not found","detail":7}'), '404: Not found')
  assert.equal(told('{"title":7}'), '404: {"title":7}')
  assert.equal(told('{"detail":"cut'), '404: {"detail":"cut')
  assert.equal(told('{"detail":"whole"}', true), '404: {"detail":"whole"}')
  assert.equal(told('null'), '404: null')
  assert.equal(told(' \n'), '404')
})
