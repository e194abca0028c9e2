/**
 * `npm run test:api`: schemathesis asks a real service everything that /openapi.json allows, and much that it does not, for five minutes
 * (`-- --minutes 1`, `-- --seed 7`). Nothing may end in 5xx, break its schema or answer with an undocumented status or content type.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Event } from '../server/event-types.ts'
import { history, historyOf } from '../test/bench/query/history.ts'
import { ndjson } from '../test/support/events.ts'
import { startServer } from '../test/support/server-process.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const EVENTS = 5_000
const EVENTS_A_BATCH = 500

// All of its checks but one: that whatever fits the schemas is accepted. No schema can say what a query, a time or a cursor is,
// that `to` is after `from`, and that an event's id is made of its run and sequence.
const checks = ['--checks=all', '--exclude-checks=positive_data_acceptance']

interface Asking {
  name: string
  options: string[]
  /** Makes the requests more like those of people. */
  hooks?: string
}

const askings: Asking[] = [
  { name: 'valid and invalid requests', options: [...checks, '--mode=all'] },
  {
    name: 'requests as people make them',
    options: [...checks, '--mode=positive', '--phases=fuzzing,stateful'],
    hooks: join(root, 'test/api/hooks.py')
  }
]

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string' } }
})
const seconds = Math.round((Number(values.minutes) * 60) / askings.length)
if (!(seconds >= 1)) throw new Error(`--minutes: expected a number of minutes, got "${values.minutes}"`)

const folder = mkdtempSync(join(tmpdir(), 'playtrail-api-'))
const server = await startServer(join(folder, 'data'))
try {
  const recorded = await record(server.url)
  for (const asking of askings) if (!(await ask(server.url, asking, recorded))) process.exitCode = 1
  await printAnswers(server.url)
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** What is recorded, by the name of the parameter that asks for it. */
type Recorded = Record<string, string[]>

async function record(url: string): Promise<Recorded> {
  const options = historyOf(EVENTS)
  const all: Event[] = []
  for (const events of history(options, EVENTS_A_BATCH)) {
    const headers = { 'content-type': 'application/x-ndjson' }
    const answer = await fetch(`${url}/v1/events`, { method: 'POST', headers, body: ndjson(events) })
    if (answer.status !== 200) throw new Error(`the events were not taken: ${await answer.text()}`)
    all.push(...events)
  }
  const each = (of: (event: Event) => string | undefined): string[] => [
    ...new Set(all.flatMap((event) => of(event) ?? []))
  ]
  const runs = each(({ run }) => run?.id)
  const hosts = each(({ host }) => host?.name)
  return {
    ...{ id: runs, run: runs, a: runs, b: runs },
    ...{ host: hosts, name: hosts },
    key: each(({ ansible }) => ansible?.task?.key),
    user: each(({ user }) => user?.name),
    playbook: each(({ run }) => run?.name)
  }
}

async function ask(url: string, { name, options, hooks }: Asking, recorded: Recorded): Promise<boolean> {
  console.log(`\n${name}, ${seconds} s`)
  const seed = values.seed === undefined ? [] : [`--seed=${values.seed}`]
  const child = spawn(
    join(root, '.matrix/api/bin/st'),
    ['run', `${url}/openapi.json`, `--max-time=${seconds}`, '--no-color', ...options, ...seed],
    {
      // It leaves a cache where it runs.
      cwd: folder,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        LANG: 'C.UTF-8',
        ...(hooks !== undefined && { SCHEMATHESIS_HOOKS: hooks, RECORDED: JSON.stringify(recorded) })
      }
    }
  )
  const [status] = await once(child, 'exit')
  return status === 0
}

/** What the service itself counted: whether enough of it was answered with 200, and that nothing ended in 5xx. */
async function printAnswers(url: string): Promise<void> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line =
    /^playtrail_http_request_seconds_count\{method="(\w+)",route="([^"]+)",status="(\d+)"\} (\d+)$/gm
  const routes = new Map<string, string[]>()
  for (const [, method, route, status = '', count] of text.matchAll(line)) {
    if (status.startsWith('5')) process.exitCode = 1
    const name = `${method} ${route}`
    routes.set(name, [...(routes.get(name) ?? []), `${status} × ${count}`])
  }
  console.log('\nanswers')
  for (const [name, counts] of routes) console.log(`  ${name.padEnd(32)} ${counts.sort().join(', ')}`)
}
