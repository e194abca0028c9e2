import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { completedOf } from '../../server/cli/completion.ts'
import { createProgram } from '../../server/cli/program.ts'
import { settings } from '../../server/config.ts'
import { problems } from '../../server/errors.ts'
import { limits } from '../../server/limits.ts'
import { get, runningService } from '../support/service.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

test('every setting is in docs/configuration.md, with its flag, variable and default', () => {
  const text = read('docs/configuration.md')
  for (const { flag, placeholder, env, fallback } of Object.values(settings)) {
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

test('every metric of ours is in docs/operations.md', async (t) => {
  const service = await runningService(t)
  const { body } = await get(service, '/metrics')
  const names = [...(body as string).matchAll(/^# TYPE (playtrail_\w+)/gm)].map(([, name]) => name ?? '')
  assert.ok(names.length >= 10)
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
