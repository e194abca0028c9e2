import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { exitCodes } from '../../server/cli/exit-codes.ts'
import { readConfig } from '../../server/config.ts'
import { limits } from '../../server/limits.ts'

const text = readFileSync(new URL('../../deploy/playtrail.service', import.meta.url), 'utf8')
const directives = new Map(
  [...text.matchAll(/^([A-Za-z]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value])
)

test('the systemd unit writes only its state, gains no privilege, and waits until the service has stopped', () => {
  for (const [name, value] of [
    ['User', 'playtrail'],
    ['ProtectSystem', 'strict'],
    ['NoNewPrivileges', 'yes'],
    ['CapabilityBoundingSet', ''],
    ['RestartPreventExitStatus', String(exitCodes.usage)]
  ] as const) {
    assert.equal(directives.get(name), value, name)
  }
  assert.match(directives.get('MemoryMax') ?? '', /^\d+M$/)
  assert.ok(Number(directives.get('TimeoutStopSec')) * 1_000 > limits.shutdownMsMax)
  assert.ok(!directives.has('ReadWritePaths'))
})

test('the settings in the systemd unit are ones that the service takes, and its data is in the state directory', () => {
  const environment = Object.fromEntries(
    (directives.get('Environment') ?? '').split(' ').map((assignment) => assignment.split('='))
  )
  const { dataDir, logFormat } = readConfig({}, environment)
  assert.equal(dataDir, `/var/lib/${directives.get('StateDirectory')}`)
  assert.equal(logFormat, 'json')
  assert.match(directives.get('ExecStart') ?? '', / server\/main\.ts serve$/)
})
