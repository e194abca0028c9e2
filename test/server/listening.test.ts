import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainListening } from '../../server/listening.ts'

test('a file that may not be read is not taken for an address that may not be listened on', () => {
  const listen = { host: '127.0.0.1', port: 80 }
  const refused = (syscall: string): Error =>
    Object.assign(new Error(`EACCES: permission denied, ${syscall}`), { code: 'EACCES', syscall })
  const unreadable = refused('open')
  assert.equal(explainListening(unreadable, listen), unreadable)
  assert.match(String(explainListening(refused('listen'), listen)), /cannot listen on 127\.0\.0\.1:80/)
})
