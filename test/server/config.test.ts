import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopback, readConfig } from '../../server/config.ts'

test('without settings the service listens on loopback and keeps its records in ./data', () => {
  const config = readConfig({}, {})
  assert.deepEqual(config.listen, { host: '127.0.0.1', port: 8470 })
  assert.equal(config.dataDir, './data')
  assert.deepEqual(config.store, { kind: 'sqlite' })
})

test('a flag wins over the environment, the environment over the default', () => {
  const env = { PLAYTRAIL_LISTEN: '[::1]:1', PLAYTRAIL_DATA_DIR: '/env' }
  const config = readConfig({ dataDir: '/flag' }, env)
  assert.deepEqual(config.listen, { host: '::1', port: 1 })
  assert.equal(config.dataDir, '/flag')
})

test('all mistakes are named at once, each with what was expected and what came', () => {
  assert.throws(
    () => readConfig({ store: 'mongodb' }, { PLAYTRAIL_LISTEN: 'somewhere', PLAYTRAIL_LOG_LEVEL: 'loud' }),
    (error: Error) => {
      assert.match(error.message, /PLAYTRAIL_LISTEN: expected an IP address.*; got "somewhere"/)
      assert.match(error.message, /--store: expected `sqlite`, or a URL.*; got "mongodb"/)
      assert.match(error.message, /PLAYTRAIL_LOG_LEVEL: expected one of .*; got "loud"/)
      return true
    }
  )
})

test('a store that is no word is the URL of an Elasticsearch, without secrets in it', () => {
  const store = (text: string) => readConfig({ store: text }, {}).store
  assert.deepEqual(store('http://127.0.0.1:9200'), { kind: 'elasticsearch', url: 'http://127.0.0.1:9200' })
  assert.deepEqual(store('https://search.example/es/'), {
    kind: 'elasticsearch',
    url: 'https://search.example/es'
  })
  for (const bad of ['', 'SQLite', 'ftp://127.0.0.1', 'http://elastic:secret@127.0.0.1:9200', 'http://'])
    assert.throws(() => store(bad), /without user and password/, bad)
})

test('the time after which a run is silent is a whole number of seconds, and 0 means never', () => {
  assert.equal(readConfig({}, {}).silentAfter, 900)
  for (const good of ['0', '1', '604800'])
    assert.equal(readConfig({ silentAfter: good }, {}).silentAfter, Number(good))
  for (const bad of ['', '-1', '1.5', '15m', '604801', '1e3'])
    assert.throws(
      () => readConfig({}, { PLAYTRAIL_SILENT_AFTER: bad }),
      /PLAYTRAIL_SILENT_AFTER: expected 0, or/
    )
})

test('an address to listen on is an IP address or localhost, and a port', () => {
  for (const good of ['127.0.0.1:0', '0.0.0.0:65535', '[::]:80', 'localhost:8470'])
    assert.ok(readConfig({ listen: good }, {}).listen)
  for (const bad of [
    '',
    '8470',
    ':8470',
    '127.0.0.1',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '::1:80',
    'example.org:80',
    '[1.2.3:80',
    '127.0.0.1:8x'
  ]) {
    assert.throws(() => readConfig({ listen: bad }, {}), /expected an IP address/, bad)
  }
})

test('loopback is what only this machine can reach', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost'])
    assert.equal(isLoopback(host), true, host)
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1']) assert.equal(isLoopback(host), false, host)
})
