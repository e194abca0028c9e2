import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readConfig, settings } from '../../server/config.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type Compose, type ComposeService, composeMistakes, parseCompose } from './compose.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8')
const compose = parseCompose(text)
const checker = join(root, '.venv', 'bin', 'check-jsonschema')
const skip = existsSync(checker)
  ? false
  : 'there is no .venv with check-jsonschema, which needs Python 3.11: node scripts/setup.mjs --python makes it'

function checkSchema(file: string): number | null {
  // It carries the Compose specification's own schema.
  return spawnSync(checker, ['--builtin-schema', 'vendor.compose-spec', file]).status
}

test('docker-compose.yml follows the schema of the Compose specification', { skip }, (t) => {
  assert.equal(checkSchema(join(root, 'docker-compose.yml')), 0)
  const broken = join(temporaryFolder(t), 'broken.yml')
  writeFileSync(broken, text.replaceAll('mem_limit:', 'memory_limit:'))
  assert.equal(checkSchema(broken), 1)
})

test('every name in docker-compose.yml leads somewhere, nothing is open, and no secret stands in it', () => {
  assert.deepEqual(composeMistakes(compose), [])
})

const broken: [string, (services: Record<string, ComposeService>) => unknown, RegExp][] = [
  [
    'a port for everybody',
    ({ kibana }) => kibana?.ports?.push('9200:9200'),
    /kibana: publishes 9200:9200 to everybody/
  ],
  [
    'a password in the environment',
    ({ elasticsearch }) => Object.assign(elasticsearch?.environment ?? {}, { ELASTIC_PASSWORD: 'x' }),
    /secret ELASTIC_PASSWORD/
  ],
  [
    'a service that keeps its capabilities',
    ({ kibana }) => delete kibana?.cap_drop,
    /kibana: keeps capabilities/
  ],
  [
    'a root file system that can be written',
    ({ playtrail }) => delete playtrail?.read_only,
    /playtrail: can write/
  ],
  ['no limit of memory', ({ elasticsearch }) => delete elasticsearch?.mem_limit, /no limit of memory/],
  [
    'a volume that is not defined',
    ({ playtrail }) => playtrail?.volumes?.push('other:/data'),
    /no volume other/
  ],
  [
    'waiting for a service that there is not',
    ({ playtrail }) =>
      Object.assign(playtrail?.depends_on ?? {}, { setup: { condition: 'service_healthy' } }),
    /setup, which is no service/
  ],
  [
    'waiting for the health of what ends',
    ({ playtrail }) =>
      Object.assign(playtrail?.depends_on ?? {}, { secrets: { condition: 'service_healthy' } }),
    /which has none/
  ],
  [
    'waiting for the end of what goes on',
    ({ playtrail }) =>
      Object.assign(playtrail?.depends_on ?? {}, { kibana: { condition: 'service_completed_successfully' } }),
    /waits for the end of kibana/
  ]
]

for (const [what, breakIt, expected] of broken) {
  test(`${what} is found`, () => {
    const copy: Compose = structuredClone(compose)
    breakIt(copy.services)
    assert.match(composeMistakes(copy).join('\n'), expected)
  })
}

test("a service sees no more secrets than its own: the administrator's are with Elasticsearch and the one-shots", () => {
  const mounting = (volume: string): string[] =>
    Object.entries(compose.services)
      .filter(([, { volumes = [] }]) => volumes.some((mount) => mount.startsWith(`${volume}:`)))
      .map(([name]) => name)
      .sort()
  assert.deepEqual(mounting('admin-secrets'), ['dashboards', 'elasticsearch', 'secrets', 'templates'])
  assert.deepEqual(mounting('kibana-secrets'), ['kibana', 'secrets'])
  assert.deepEqual(mounting('playtrail-secrets'), ['playtrail', 'secrets', 'templates'])
  assert.equal(compose.networks.store?.internal, true)
  assert.deepEqual(compose.services.elasticsearch?.networks, ['store'])
  assert.equal(compose.services.elasticsearch?.ports, undefined)
})

test('the service takes the settings that docker-compose.yml gives it', () => {
  const environment = compose.services.playtrail?.environment ?? {}
  const { store, logFormat } = readConfig({}, environment)
  assert.deepEqual(store, { kind: 'elasticsearch', url: 'http://elasticsearch:9200' })
  assert.equal(logFormat, 'json')
  const known = new Set<string>([...Object.values(settings).map(({ env }) => env), 'PLAYTRAIL_TOKEN_FILE'])
  for (const name of Object.keys(environment)) assert.ok(known.has(name), name)
})
