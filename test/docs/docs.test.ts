import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { completedOf } from '../../server/cli/completion.ts'
import { createProgram } from '../../server/cli/program.ts'
import { settings } from '../../server/config.ts'
import { problems } from '../../server/errors.ts'
import { limits } from '../../server/limits.ts'
import { formatVkey } from '../../server/seal/vkey.ts'
import { witnessSettings } from '../../server/witness/settings.ts'
import { newKey } from '../seal/keys.ts'
import { get, runningService } from '../support/service.ts'
import { runningWitness } from '../support/witness.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

test('every setting is in docs/configuration.md, with its flag, variable and default', () => {
  const text = read('docs/configuration.md')
  for (const { flag, placeholder, env, fallback } of [
    ...Object.values(settings),
    ...Object.values(witnessSettings)
  ]) {
    const shown = fallback === '' ? '' : ` \`${fallback}\``
    assert.ok(text.includes(`| \`${flag} ${placeholder}\` | \`${env}\` |${shown} |`), flag)
  }
})

test('every limit is in docs/configuration.md, with its value', () => {
  const text = read('docs/configuration.md')
  for (const [name, value] of Object.entries(limits)) {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\` |`))
    assert.ok(row, `${name} is missing`)
    const [, , shown = ''] = row.split('|')
    const [, digits = '', unit] = /^ ([\d,]+) (\S+) $/.exec(shown) ?? []
    const factor = unit === 'MiB' ? 2 ** 20 : unit === 'KiB' ? 2 ** 10 : 1
    assert.equal(Number(digits.replaceAll(',', '')) * factor, value, name)
  }
})

test('every problem is in docs/api.md, with its status and whether sending again can help', () => {
  const text = read('docs/api.md')
  for (const [code, { status, retry }] of Object.entries(problems)) {
    assert.ok(text.includes(`| \`${code}\` | ${status} | ${retry ? 'yes' : 'no'} |`), code)
  }
})

test('every route is in docs/api.md, and every parameter of one', async (t) => {
  const service = await runningService(t)
  const { body } = await get(service, '/openapi.json')
  const text = read('docs/api.md')
  const routes = Object.entries(
    body.paths as Record<string, Record<string, { parameters?: { name: string; in: string }[] }>>
  )
  assert.ok(routes.length >= 7)
  for (const [path, methods] of routes) {
    for (const [method, { parameters = [] }] of Object.entries(methods)) {
      const shown = `\`${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}\``
      assert.ok(text.includes(shown), shown)
      for (const { name, in: place } of parameters)
        if (place === 'query') assert.match(text, new RegExp(`\`${name}\``), name)
    }
  }
})

test('every command is in docs/cli.md, and every option of those that ask', () => {
  const text = read('docs/cli.md')
  for (const { path, options, commands } of completedOf(createProgram())) {
    const [, command = 'playtrail'] = path.split(' ')
    assert.match(text, new RegExp(`\\| \`playtrail ${command}\\b|^.playtrail`, 'm'), path)
    for (const { name } of commands) assert.match(text, new RegExp(`[ \`]${name}[ \`]`), name)
    if (!options.some(({ flags }) => flags.includes('--url')) || path.includes('setup')) continue
    for (const { flags } of options)
      if (!flags.includes('--help')) assert.ok(text.includes(`\`${flags.at(-1)}\``), `${path} ${flags}`)
  }
})

test('docs/api.md says of each parameter of a question which routes take it', async (t) => {
  const service = await runningService(t)
  const { body } = await get(service, '/openapi.json')
  const asking = questionsOf(body.paths)
  const [, text = ''] = read('docs/api.md').split('\n## Asking\n')
  const [, table = ''] = /\| parameter \| of \| meaning \|\n.*?\n(.*?)\n\n/s.exec(text) ?? []
  const told = new Map<string, string[]>()
  for (const row of table.split('\n')) {
    const [, names = '', of = ''] = row.split('|')
    for (const [, name = ''] of names.matchAll(/`(\w+)`/g)) told.set(name, routesIn(of.trim(), asking))
  }
  const taken = new Map<string, string[]>()
  for (const { route, parameters } of asking)
    for (const name of parameters) taken.set(name, [...(taken.get(name) ?? []), route].toSorted())
  assert.deepEqual(new Map([...told].toSorted()), new Map([...taken].toSorted()))
})

interface Question {
  /** What stands behind `/v1/`. */
  route: string
  parameters: string[]
  isExported: boolean
}

interface Described {
  tags?: string[]
  parameters?: { name: string; in: string }[]
  responses: Record<string, unknown>
}

function questionsOf(paths: Record<string, { get?: Described }>): Question[] {
  return Object.entries(paths).flatMap(([path, { get: described }]) => {
    if (described?.tags?.includes('ask') !== true || path === '/v1/live') return []
    const inQuery = (described.parameters ?? []).filter((parameter) => parameter.in === 'query')
    const route = path.replace('/v1/', '').replace(/\{(\w+)\}/g, ':$1')
    return { route, parameters: inQuery.map(({ name }) => name), isExported: '406' in described.responses }
  })
}

/** The routes that a cell such as "all but `compare`, `runs/:id/*`" or "lists, `facets`" stands for. */
function routesIn(cell: string, asking: readonly Question[]): string[] {
  const named = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
  const isNamed = ({ route }: Question): boolean =>
    named.some((name) => (name.endsWith('/*') ? route.startsWith(name.slice(0, -1)) : name === route))
  for (const name of named)
    assert.ok(
      asking.some(({ route }) => `${route}/`.startsWith(name.replace('*', ''))),
      name
    )
  const chosen = cell.startsWith('all but ')
    ? asking.filter((question) => !isNamed(question))
    : asking.filter((question) => isNamed(question) || (cell.startsWith('lists') && question.isExported))
  return chosen.map(({ route }) => route).toSorted()
}

test('every metric of ours is in docs/operations.md', async (t) => {
  const service = await runningService(t)
  const witness = await runningWitness(t, { logs: [formatVkey(newKey('a.log').verifier)] })
  const texts = [
    (await get(service, '/metrics')).body as string,
    await (await fetch(`${witness.url}/metrics`)).text()
  ]
  const names = [...texts.join('').matchAll(/^# TYPE (playtrail_\w+)/gm)].map(([, name]) => name ?? '')
  assert.ok(names.length >= 10)
  assert.ok(names.includes('playtrail_witness_size'))
  const text = read('docs/operations.md')
  for (const name of names) assert.match(text, new RegExp(`^\\| \`${name}[\`{]`, 'm'), name)
})

test('every relative link in the documentation leads to a file', () => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    'ansible-callback/README.md',
    ...readdirSync(new URL('docs/', root)).map((name) => `docs/${name}`)
  ]
  for (const page of pages.filter((name) => name.endsWith('.md'))) {
    for (const [, target = ''] of read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      assert.doesNotThrow(
        () => read(new URL(target, new URL(page, root)).href.slice(root.href.length)),
        `${page}: ${target}`
      )
    }
  }
})
