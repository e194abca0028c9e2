/**
 * `npm test`: all stages, one line each as it ends; `npm test -- types lint` runs only those.
 * A stage's output is shown when it fails. The last line counts the tests of all runners.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { startNode, whyNoNode } from '../test/elasticsearch-node/launch.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const python = '.venv/bin/python'

interface Stage {
  name: string
  what: string
  command: string[]
  /** Its tests share an Elasticsearch, started before it unless ELASTICSEARCH_URL names one. */
  sharesElasticsearch?: true
  /** Keeps one processor busy: runs beside the stages that follow it. */
  beside?: true
  /** Only when it is named: it takes long. */
  onDemand?: true
  /** Environment variables of its own. */
  settings?: Record<string, string>
}

const nodeTests = ['node', '--test', '--test-reporter=spec', '--test-timeout=240000']

const stages: Stage[] = [
  { name: 'types', what: 'TypeScript, strict', command: ['tsc'] },
  { name: 'format', what: 'Biome: format and lint', command: ['biome', 'ci', '--error-on-warnings', '.'] },
  {
    name: 'promises',
    what: 'oxlint, type-aware: no floating promises',
    command: ['oxlint', '--type-aware', '--deny-warnings']
  },
  {
    name: 'ruff',
    what: 'Python: lint and format',
    command: [
      'sh',
      '-c',
      '.venv/bin/ruff check ansible-callback && .venv/bin/ruff format --check ansible-callback'
    ]
  },
  {
    name: 'callback',
    beside: true,
    what: 'the collection, with real Ansible',
    command: [
      ...[python, '-m', 'pytest', '-q', '-rs', 'ansible-callback/tests'],
      '--ignore=ansible-callback/tests/test_scenarios.py'
    ]
  },
  {
    name: 'unit',
    what: 'server, client, command line, docs',
    command: [
      ...nodeTests,
      'test/{schemas,journal,power-loss,life,receive,index,ask,query,client,cli,completeness,docs,server,deploy,bench}/*.test.ts'
    ]
  },
  {
    name: 'log',
    onDemand: true,
    what: 'the transparency log, its witness, and other people’s programs beside them',
    // Go has to fetch and build those at first.
    command: [
      'node',
      '--test',
      '--test-reporter=spec',
      '--test-timeout=900000',
      'test/{seal,verify,witness,anchors}/*.test.ts'
    ]
  },
  {
    name: 'crash',
    onDemand: true,
    what: 'kill -9 in the middle of batches',
    command: [...nodeTests, 'test/crash/*.test.ts']
  },
  {
    name: 'elasticsearch',
    sharesElasticsearch: true,
    what: 'the store and all dashboards on a real Elasticsearch',
    // They mostly wait for Elasticsearch, so more of them at once than there are processors.
    command: [
      ...nodeTests,
      '--test-concurrency=4',
      'test/{elasticsearch,elasticsearch-node,grafana,kibana}/*.test.ts'
    ]
  },
  {
    name: 'end-to-end',
    what: 'Ansible → service → API and command line',
    command: [...nodeTests, 'test/end-to-end/*.test.ts']
  },
  {
    name: 'faults',
    onDemand: true,
    sharesElasticsearch: true,
    what: 'nodes that are killed, stopped, full; three of them',
    command: [
      'node',
      '--test',
      '--test-reporter=spec',
      '--test-timeout=600000',
      'test/elasticsearch-long/*.test.ts'
    ]
  },
  {
    name: 'tools',
    onDemand: true,
    what: 'beside programs that not every machine has: strace, zsh, fish',
    command: [...nodeTests, 'test/tools/*.test.ts']
  },
  {
    name: 'evidence',
    onDemand: true,
    what: '10,000 simulated power cuts, 1,000 damaged segments and logs, 1,000 times kill -9',
    command: [
      'node',
      '--test',
      '--test-reporter=spec',
      '--test-timeout=3600000',
      '--test-concurrency=1',
      'test/power-loss/*.test.ts',
      'test/journal/damage.test.ts',
      'test/verify/{damage,large}.test.ts',
      'test/crash/*.test.ts',
      'test/witness/histories.test.ts'
    ],
    settings: {
      POWER_LOSSES: '10000',
      JOURNAL_MUTATIONS: '1000',
      VERIFY_MUTATIONS: '1000',
      CRASH_ROUNDS: '1000',
      WITNESS_RUNS: '5000'
    }
  }
]

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !stages.some((stage) => stage.name === name))
if (unknown.length > 0) {
  console.error(
    `no such stage: ${unknown.join(', ')}. There are: ${stages.map(({ name }) => name).join(', ')}`
  )
  process.exit(2)
}

const total = { passed: 0, failed: 0, skipped: 0 }
let beside = Promise.resolve()
const isWanted = ({ name, onDemand }: Stage): boolean =>
  wanted.length === 0 ? onDemand === undefined : wanted.includes(name)
for (const stage of stages.filter(isWanted)) {
  const running = runStage(stage)
  if (stage.beside === undefined) await running
  else beside = running
}
await beside
console.log(
  `\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`
)
// What a machine lacks may be skipped there, but CI has everything.
if (total.failed > 0 || (process.env.CI !== undefined && total.skipped > 0)) process.exitCode = 1

async function runStage({ name, what, command, sharesElasticsearch, settings }: Stage): Promise<void> {
  const started = performance.now()
  const { status, output } = await (sharesElasticsearch === undefined
    ? runCommand(command, settings)
    : runBesideElasticsearch(command))
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  const counts = countsIn(output)
  // A stage that has no tests of its own counts as one.
  const isCounted = counts.passed + counts.failed + counts.skipped > 0
  total.passed += isCounted ? counts.passed : Number(status === 0)
  total.skipped += counts.skipped
  total.failed += counts.failed > 0 ? counts.failed : Number(status !== 0)
  const outcome = `${status === 0 ? 'ok' : 'FAILED'} (${seconds} s${isCounted ? `, ${counts.passed} tests` : ''})`
  console.log(`${name.padEnd(13)} ${what} … ${outcome}`)
  if (status !== 0) console.log(output)
  else
    for (const line of output.split('\n').filter((text) => /# SKIP|^SKIPPED/.test(text)))
      console.log(`  ${line.trim()}`)
}

/** Where there can be no Elasticsearch, the tests skip themselves and say why. */
async function runBesideElasticsearch(command: string[]): Promise<Ended> {
  if (process.env.ELASTICSEARCH_URL || whyNoNode() !== undefined) return await runCommand(command)
  try {
    const node = await startNode()
    try {
      return await runCommand(command, { ELASTICSEARCH_URL: node.url })
    } finally {
      await node.stop()
    }
  } catch (error) {
    return { status: 1, output: inspect(error) }
  }
}

interface Ended {
  status: number | null
  output: string
}

async function runCommand(command: string[], settings: Record<string, string> = {}): Promise<Ended> {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...settings, ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined }
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  return await new Promise((resolve) => {
    child.on('error', (error) => resolve({ status: 1, output: String(error) }))
    child.on('close', (status) => resolve({ status, output }))
  })
}

/** From the closing lines of node's test runner (`ℹ pass 12`) and pytest (`12 passed, 1 skipped`). */
function countsIn(output: string): typeof total {
  const count = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? 0)
  return {
    passed: count(/^ℹ pass (\d+)$/m) + count(/\b(\d+) passed\b/),
    failed: count(/^ℹ fail (\d+)$/m) + count(/\b(\d+) failed\b/),
    skipped: count(/^ℹ skipped (\d+)$/m) + count(/\b(\d+) skipped\b/)
  }
}
