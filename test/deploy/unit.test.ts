import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { exitCodes } from '../../server/cli/exit-codes.ts'
import { readConfig } from '../../server/config.ts'
import { limits } from '../../server/limits.ts'
import { readWitnessConfig } from '../../server/witness/settings.ts'

/** What a unit in deploy/ says. */
function directivesOf(unit: string): Map<string, string> {
  const text = readFileSync(new URL(`../../deploy/${unit}`, import.meta.url), 'utf8')
  return new Map([...text.matchAll(/^([A-Za-z]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]))
}

function environmentOf(directives: Map<string, string>): NodeJS.ProcessEnv {
  const assignments = (directives.get('Environment') ?? '').split(' ')
  return Object.fromEntries(assignments.map((assignment) => assignment.split('=')))
}

for (const [unit, user] of [
  ['playtrail.service', 'playtrail'],
  ['playtrail-witness.service', 'playtrail-witness']
] as const) {
  test(`${unit} writes only its state, gains no privilege, and waits until the process has stopped`, () => {
    const directives = directivesOf(unit)
    for (const [name, value] of [
      ['User', user],
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
}

test('the settings in the systemd unit are ones that the service takes, and its data is in the state directory', () => {
  const directives = directivesOf('playtrail.service')
  const { dataDir, logFormat } = readConfig({}, environmentOf(directives))
  assert.equal(dataDir, `/var/lib/${directives.get('StateDirectory')}`)
  assert.equal(logFormat, 'json')
  assert.match(directives.get('ExecStart') ?? '', / server\/main\.ts serve$/)
})

test('the settings in the unit of the witness are ones that it takes, and its folder is the state directory', () => {
  const directives = directivesOf('playtrail-witness.service')
  const { dataDir, logFormat } = readWitnessConfig({ log: 'a key' }, environmentOf(directives))
  assert.equal(dataDir, `/var/lib/${directives.get('StateDirectory')}`)
  assert.equal(logFormat, 'json')
  assert.match(directives.get('ExecStart') ?? '', / server\/main\.ts witness$/)
})
