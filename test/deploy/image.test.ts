import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { startServer } from '../support/server-process.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')

/** What the image holds: the files that .dockerignore lets through, and the packages that are not for development. */
function imageFolder(t: TestContext): string {
  const folder = temporaryFolder(t)
  const allowed = readFileSync(join(root, '.dockerignore'), 'utf8').matchAll(/^!(.+)$/gm)
  for (const [, path = ''] of allowed) {
    if (existsSync(join(root, path))) cpSync(join(root, path), join(folder, path), { recursive: true })
  }
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>
  }
  for (const [path, { dev }] of Object.entries(packages)) {
    if (!/^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path) || dev || !existsSync(join(root, path))) continue
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    cpSync(join(root, path), join(folder, path), { recursive: true })
  }
  return folder
}

function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
}

test('what the image holds is enough to make tokens and to serve, and nothing is written beside the data', async (t) => {
  const folder = imageFolder(t)
  const before = listing(folder)
  const main = join(folder, 'server', 'main.ts')
  const dataDir = temporaryFolder(t)
  const refused = spawnSync(
    process.execPath,
    [main, 'serve', '--listen', '0.0.0.0:0', '--data-dir', dataDir],
    {
      encoding: 'utf8'
    }
  )
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /there are no tokens yet/)

  const step = spawnSync(process.execPath, [join(folder, 'deploy', 'first-start.ts'), 'secrets'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, PLAYTRAIL_DATA_DIR: dataDir, PLAYTRAIL_SECRETS_DIR: temporaryFolder(t) }
  })
  assert.equal(step.status, 0, step.stderr)
  const server = await startServer(dataDir, { main, listen: '0.0.0.0:0' })
  onEnd(t, () => server.kill())
  const { port } = new URL(server.url)
  assert.equal((await fetch(`http://127.0.0.1:${port}/v1/runs`)).status, 401)

  // The image's own health check, while the service is up and when it is down.
  const [program = '', ...args] = JSON.parse(/HEALTHCHECK[^[]*(\[.+\])$/m.exec(dockerfile)?.[1] ?? '[]')
  const check = (): number | null =>
    spawnSync(
      program,
      args.map((word: string) => word.replace(':8470/', `:${port}/`))
    ).status
  assert.equal(check(), 0)
  assert.equal(await server.stop(), 0)
  assert.equal(check(), 1)
  assert.deepEqual(listing(folder), before)
})

test('the image runs as a user that is not root, whose folders are made before the volumes are mounted on them', () => {
  assert.match(dockerfile, /^USER 1000:1000$/m)
  const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8')
  const made = /install -d -o 1000 -g 1000 -m 0700 (.+)$/m.exec(dockerfile)?.[1]?.split(' ') ?? []
  const mounted = [
    ...compose.matchAll(/- (?:playtrail|admin|kibana)-(?:data|secrets):(\/(?:data|secrets)[\w/]*)/g)
  ]
  assert.ok(mounted.length >= 10)
  for (const [, folder = ''] of mounted) assert.ok(made.includes(folder), folder)
})
