import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '../server/data-folder.ts'
import { readSecret, secretsIn } from './secrets.ts'
import type { KeyDefinition, Security } from './security.ts'

export interface Surroundings {
  secretsDir: string
  /** Elasticsearch's security, as the administrator whose password is among the secrets. */
  security: Security
  /** Runs a command of Playtrail's command line, with `env` besides the environment. Rejects if it fails. */
  playtrail(args: string[], env: Record<string, string>): Promise<void>
  say(line: string): void
}

/** Long enough for one step, and of no use to anybody afterwards. */
const STEP_KEY_EXPIRATION = '10m'

/** Importing dashboards: everything in Kibana's one space, nothing in Elasticsearch itself. */
const dashboardsKey: KeyDefinition = {
  name: 'playtrail-dashboards',
  role_descriptors: {
    'playtrail-dashboards': {
      applications: [
        { application: 'kibana-.kibana', privileges: ['space_all'], resources: ['space:default'] }
      ]
    }
  }
}

/** Gives Kibana its password, brings the templates up to date, and makes Playtrail's API key if it has none that is valid. */
export async function prepareElasticsearch(surroundings: Surroundings): Promise<void> {
  const { secretsDir, security, playtrail, say } = surroundings
  const { kibanaPassword, writerKey } = secretsIn(secretsDir)
  await security.setPassword('kibana_system', readSecret(kibanaPassword))
  say('Kibana has its password.')

  await withKey(await security.makePassingKey(keyDefinition('setup'), STEP_KEY_EXPIRATION), (file) =>
    playtrail(['setup', 'elasticsearch'], { PLAYTRAIL_ELASTICSEARCH_API_KEY_FILE: file })
  )

  if (existsSync(writerKey) && (await security.isValid(readSecret(writerKey)))) {
    say(`Playtrail's API key is in ${writerKey}.`)
    return
  }
  // One whose file was lost, or was never written because this step was interrupted, does not stay valid.
  replaceFile(writerKey, `${await security.makeOnlyKey(keyDefinition('writer'))}\n`)
  say(`Made Playtrail's API key: ${writerKey}`)
}

/** Brings Kibana's dashboards up to date. */
export async function importDashboards({ security, playtrail }: Surroundings): Promise<void> {
  await withKey(await security.makePassingKey(dashboardsKey, STEP_KEY_EXPIRATION), (file) =>
    playtrail(['setup', 'kibana'], { PLAYTRAIL_KIBANA_API_KEY_FILE: file })
  )
}

function keyDefinition(name: 'setup' | 'writer'): KeyDefinition {
  const file = new URL(`../server/index/elasticsearch/api-keys/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** Gives the key to `use` as a file, since a command line and an environment can be seen by others. */
async function withKey(key: string, use: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'playtrail-key-'))
  try {
    const file = join(folder, 'key')
    replaceFile(file, `${key}\n`)
    await use(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
