/**
 * What `docker compose up` runs before and beside the service, each as a container that ends:
 *
 *     node deploy/first-start.ts secrets         passwords and tokens, into files
 *     node deploy/first-start.ts elasticsearch   Kibana's password, Playtrail's API key, the templates
 *     node deploy/first-start.ts dashboards      Kibana's dashboards
 *
 * Each may run again at any time: it makes what is missing, and brings templates and dashboards up to date.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Fatal } from '../server/errors.ts'
import { makeSecrets, readSecret, secretsIn } from './secrets.ts'
import { openSecurity } from './security.ts'
import { importDashboards, prepareElasticsearch, type Surroundings } from './steps.ts'

const MAIN = fileURLToPath(new URL('../server/main.ts', import.meta.url))

const steps: Record<string, () => void | Promise<void>> = {
  secrets: () => makeSecrets(setting('PLAYTRAIL_SECRETS_DIR'), setting('PLAYTRAIL_DATA_DIR'), say),
  elasticsearch: () => prepareElasticsearch(surroundings()),
  dashboards: () => importDashboards(surroundings())
}

// What is written here is for its owner alone.
process.umask(0o077)
try {
  const name = process.argv[2] ?? ''
  const step = Object.hasOwn(steps, name) ? steps[name] : undefined
  if (step === undefined) throw new Fatal(`expected one of ${Object.keys(steps).join(', ')}; got "${name}"`)
  await step()
} catch (error) {
  say(error instanceof Fatal ? error.message : error instanceof Error ? String(error.stack) : String(error))
  process.exitCode = 1
}

function surroundings(): Surroundings {
  const secretsDir = setting('PLAYTRAIL_SECRETS_DIR')
  const password = readSecret(secretsIn(secretsDir).elasticPassword)
  return { secretsDir, security: openSecurity(setting('PLAYTRAIL_STORE'), password), playtrail, say }
}

async function playtrail(args: string[], env: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit']
  })
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (status !== 0) throw new Fatal(`playtrail ${args.join(' ')} ended with ${String(status)}.`)
}

function setting(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') {
    throw new Fatal(`expected the environment variable ${name}; it is not set`)
  }
  return value
}

function say(line: string): void {
  process.stderr.write(`first-start: ${line}\n`)
}
