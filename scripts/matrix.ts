/**
 * `npm run test:matrix`: every scenario of ansible-callback/tests/scenarios, and every other test that depends on
 * Ansible, on every ansible-core of test/matrix.json, each in an environment of its own below .matrix/. The first
 * run makes those.
 *
 *   npm run test:matrix -- 2.14 2.21          on these cores
 *   npm run test:matrix -- 2.14 -k loop       …and those whose name has `loop`, as pytest understands it
 *
 * A core whose Python this machine lacks is skipped and said so; in CI it counts as a failure.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import PQueue from 'p-queue'
import matrix from '../test/matrix.json' with { type: 'json' }
import { findPython, pipInstall } from './python.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const tests = 'ansible-callback/tests'
const requirements = 'test/requirements-scenarios.txt'

/** The shipper's, the server's and the table's own tests are the same whatever the core: `npm test` has them. */
const ofNoCore = [
  'assembled',
  'delivery',
  'diff',
  'limits_of_spool',
  'outages',
  'scenario',
  'spool',
  'transport'
]

/** A run of Ansible keeps one processor busy, and CI has two. */
const CORES_AT_ONCE = 2
const OUTPUT_BYTES_MAX = 64 * 2 ** 20

interface Core {
  core: string
  pythons: number[]
  packages?: string[]
}

/** `cells`: of each scenario whether it passed. A test that is no scenario's goes by the name of its file. */
interface Outcome {
  core: string
  cells: Map<string, boolean>
  skipped?: string
}

/** A scenario, and why it is not for a core, if so. */
interface Scenario {
  name: string
  absent: string | null
}

const { cores, filter } = readArguments()
const absent = new Map<string, string>()
const rows = new Set<string>()
const queue = new PQueue({ concurrency: CORES_AT_ONCE })
const outcomes = await Promise.all(cores.map(async (core) => await queue.add(() => testCore(core))))

printTable(outcomes)
process.exitCode = printTotal(outcomes)

function readArguments(): { cores: Core[]; filter: string[] } {
  const { positionals, values } = parseArgs({
    options: { keyword: { type: 'string', short: 'k' } },
    allowPositionals: true
  })
  const isWanted = (core: string, wanted: string): boolean => core === wanted || minorOf(core) === wanted
  const unknown = positionals.filter((wanted) => !matrix.some(({ core }) => isWanted(core, wanted)))
  if (unknown.length > 0) {
    console.error(
      `no such core: ${unknown}. There are: ${matrix.map(({ core }) => minorOf(core)).join(', ')}`
    )
    process.exit(2)
  }
  const chosen = matrix.filter(({ core }) => positionals.some((wanted) => isWanted(core, wanted)))
  return {
    cores: positionals.length === 0 ? matrix : chosen,
    filter: values.keyword === undefined ? [] : ['-k', values.keyword]
  }
}

function minorOf(core: string): string {
  return core.split('.').slice(0, 2).join('.')
}

async function testCore({ core, pythons, packages = [] }: Core): Promise<Outcome> {
  const interpreter = findPython(pythons)
  if (interpreter === undefined) {
    const versions = pythons.map((minor) => `3.${minor}`).join(', ')
    return {
      core,
      cells: new Map(),
      skipped: `found no Python of ${versions} with the module venv, on the PATH or in pyenv`
    }
  }
  const started = performance.now()
  const environment = join(root, '.matrix', minorOf(core))
  try {
    await makeEnvironment(environment, interpreter, [`ansible-core==${core}`, ...packages])
    await addRows(environment, core)
  } catch (error) {
    const { stderr } = error as { stderr?: string }
    console.log(`ansible-core ${core}: ${stderr || error}`)
    return { core, cells: new Map([['set up', false]]) }
  }
  const ignored = ofNoCore.map((name) => `--ignore=${tests}/test_${name}.py`)
  const options = ['-v', '--color=no', '-p', 'no:cacheprovider', ...ignored, ...filter]
  const { output, status } = await runPython(environment, ['-m', 'pytest', ...options, tests])
  const cells = cellsOf(output)
  // pytest ends with 5 when the filter leaves nothing, and with more than 1 when it could not test at all.
  if (status !== 0 && status !== 5 && ![...cells.values()].includes(false)) cells.set('set up', false)
  const failed = [...cells.values()].filter((passed) => !passed).length
  const seconds = Math.round((performance.now() - started) / 1_000)
  console.log(`ansible-core ${core}: ✓ ${cells.size - failed}  ✗ ${failed}  (${seconds} s)`)
  if (failed > 0) console.log(failuresIn(output))
  return { core, cells }
}

async function makeEnvironment(folder: string, interpreter: string, packages: string[]): Promise<void> {
  const stamp = join(folder, '.playtrail-setup')
  const wanted = createHash('sha256')
    .update(packages.join(' '))
    .update(readFileSync(join(root, requirements)))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  rmSync(folder, { recursive: true, force: true })
  const execute = promisify(execFile)
  await execute(interpreter, ['-m', 'venv', folder])
  const [python = '', ...install] = pipInstall(folder)
  await execute(python, [...install, ...packages, '-r', join(root, requirements)])
  writeFileSync(stamp, wanted)
}

/** Adds the rows of the table, in its own order, and why a core goes without some of them. */
async function addRows(environment: string, core: string): Promise<void> {
  const { output, status } = await runPython(environment, [`${tests}/scenario.py`, core])
  if (status !== 0) throw new Error(output)
  for (const { name, absent: why } of JSON.parse(output) as Scenario[]) {
    rows.add(name)
    if (why !== null) absent.set(name, why)
  }
}

async function runPython(
  environment: string,
  args: string[]
): Promise<{ output: string; status: number | null }> {
  // Without it pytest cuts the lines that are read here.
  const env = { ...process.env, COLUMNS: '200', PYTHONDONTWRITEBYTECODE: '1' }
  const options = { cwd: root, env, maxBuffer: OUTPUT_BYTES_MAX }
  return await new Promise((resolve) => {
    const child = execFile(join(environment, 'bin', 'python'), args, options, (error, stdout, stderr) =>
      resolve({ output: `${stdout}${stderr}`, status: error === null ? 0 : child.exitCode })
    )
  })
}

/** From lines such as `…/test_scenarios.py::test_no_secret_leaves_ansible[loop] PASSED [ 12%]`. */
function cellsOf(output: string): Map<string, boolean> {
  const cells = new Map<string, boolean>()
  for (const [, file = '', parameter, word] of output.matchAll(
    /^\S+\/(\w+)\.py::\w+(?:\[(.+)\])? (PASSED|FAILED|ERROR|SKIPPED)/gm
  )) {
    const row = file === 'test_scenarios' && parameter !== undefined ? parameter : file
    cells.set(row, cells.get(row) !== false && word === 'PASSED')
  }
  return cells
}

function failuresIn(output: string): string {
  const start = output.search(/^=+ (FAILURES|ERRORS) =+$/m)
  const end = output.search(/^=+ short test summary/m)
  return output.slice(Math.max(0, start), end < 0 ? undefined : end)
}

function printTable(columns: Outcome[]): void {
  const others = columns.flatMap(({ cells }) => [...cells.keys()])
  const names = [...new Set([...rows, ...others])].filter((name) =>
    columns.some(({ cells }) => cells.has(name))
  )
  const width = Math.max(...names.map((name) => name.length), 0)
  const mark = (passed: boolean | undefined): string => (passed === undefined ? '–' : passed ? '✓' : '✗')
  console.log(`\n${''.padEnd(width)}  ${columns.map(({ core }) => minorOf(core)).join('  ')}`)
  for (const name of names)
    console.log(
      `${name.padEnd(width)}  ${columns.map(({ cells }) => mark(cells.get(name)).padEnd(4)).join('  ')}`.trimEnd()
    )
  console.log()
  for (const name of names) if (absent.has(name)) console.log(`–  ${name}: ${absent.get(name)}`)
  for (const { core, skipped } of columns)
    if (skipped !== undefined) console.log(`–  ansible-core ${core} skipped: ${skipped}`)
}

/** Prints the closing line, which scripts/test.ts reads, and returns the exit code. */
function printTotal(columns: Outcome[]): number {
  const cells = columns.flatMap((column) => [...column.cells.values()])
  const failed = cells.filter((passed) => !passed).length
  const skipped = columns.filter((column) => column.skipped !== undefined).length
  const more = skipped > 0 ? `, ${skipped} skipped` : ''
  console.log(`\n${cells.length - failed} passed, ${failed} failed${more}`)
  return failed > 0 || (process.env.CI !== undefined && skipped > 0) ? 1 : 0
}
