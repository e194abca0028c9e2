import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { promisify } from 'node:util'
import { findPython, pipInstall } from '../../scripts/python.mjs'
import { cacheFolder } from '../elasticsearch-node/build.ts'
import { temporaryFolder } from '../support/folder.ts'
import { committedFile } from './saved.ts'

const run = promisify(execFile)
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt')
const INSTALL_MS_MAX = 200_000

const base = findPython([14, 13, 12])
const skip = base === undefined ? 'kb-dashboard-core needs Python 3.12 or newer with the module venv' : false
let python = ''

before(async () => {
  if (base !== undefined) python = join(await environment(base), 'bin', 'python')
})

test('the models of kb-dashboard-core know every part of kibana/playtrail.ndjson', { skip }, async (t) => {
  const [said = ''] = await opinionsOn([committedFile()], t)
  const [, parts = '0'] = /^looked at (\d+)\n$/.exec(said) ?? []
  assert.ok(Number(parts) >= 300, said)
})

test('they refuse parts that are broken', { skip }, async (t) => {
  const broken: [from: string, to: string, says: RegExp][] = [
    [
      '\\"visualizationType\\":\\"lnsMetric\\"',
      '\\"visualizationType\\":\\"lnsBar\\"',
      /playbook-runs\/runs: no model for lnsBar/
    ],
    [
      '\\"scale\\":\\"interval\\"',
      '\\"scale\\":\\"ratio\\"',
      /column time-1: \w+ scale: Input should be 'interval'/
    ],
    [
      '\\"sourceField\\":\\"___records___\\",',
      '',
      /column metric-1: KbnLensFieldMetricColumn sourceField: Field required/
    ],
    [
      '\\"orderBy\\"',
      '\\"order\\"',
      /KbnLensTermsDimensionColumn params\.order: Extra inputs are not permitted/
    ],
    [
      '\\"accessors\\"',
      '\\"yAccessors\\"',
      /KbnXYVisualizationState layers\.0\.XYDataLayerConfig\.accessors: Field required/
    ],
    ['\\"w\\":48', '\\"w\\":\\"48\\"', /KbnGridData w: Input should be a valid integer/],
    ['\\"wildcard\\"', '\\"regexp\\"', /KbnOptionsListControl explicitInput\.searchTechnique/]
  ]
  const texts = broken.map(([from, to]) => committedFile().replace(from, to))
  for (const text of texts) assert.notEqual(text, committedFile())
  const opinions = await opinionsOn(texts, t)
  for (const [number, [, , says]] of broken.entries()) assert.match(opinions[number] ?? '', says)
})

/** What is said of each. In one go: the models take seconds to load. */
async function opinionsOn(
  texts: readonly string[],
  t: Parameters<typeof temporaryFolder>[0]
): Promise<string[]> {
  const folder = temporaryFolder(t)
  const files = texts.map((text, number) => {
    const file = join(folder, `${number}.ndjson`)
    writeFileSync(file, text)
    return file
  })
  const { stdout } = await run(python, [join(import.meta.dirname, 'second_opinion.py'), ...files])
  return stdout.split(/(?<=^looked at \d+\n)/m)
}

/**
 * A virtual environment with the compiler, made if the cache does not have it. It lies outside the work tree, and two
 * that make it at once both end with a whole one.
 */
async function environment(basePython: string): Promise<string> {
  const { stdout: version } = await run(basePython, ['--version'])
  const mark = createHash('sha256')
    .update(version)
    .update(readFileSync(REQUIREMENTS))
    .digest('hex')
    .slice(0, 12)
  const folder = join(cacheFolder(), `kb-dashboard-core-${mark}`)
  if (existsSync(folder)) return folder
  const unfinished = `${folder}.${randomUUID()}`
  try {
    await run(basePython, ['-m', 'venv', unfinished])
    const [pip = '', ...args] = pipInstall(unfinished)
    await run(pip, [...args, '-r', REQUIREMENTS], { timeout: INSTALL_MS_MAX })
    renameSync(unfinished, folder)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}
