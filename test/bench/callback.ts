import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installAra } from './ara.ts'
import { type Cost, playbookCost, root, type Size } from './playbook-cost.ts'
import { median, spread } from './statistics.ts'
import { startVariants, type Variant } from './variants.ts'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7)
/** Peers take many times as long, so that with many hosts a few rounds of them have to do. */
const PEER_ROUNDS = process.env.BENCH_PEER_ROUNDS
const PEER_ROUNDS_MAX = 2
const MANY_HOSTS = 100
const FORKS = 10
const SIZES = '20x50'

export interface CallbackOptions {
  /** `20x50,200x50@50`: hosts × 50 tasks, `@` the number of forks. */
  sizes?: string | undefined
  /** Whether to measure ARA too. */
  peers?: boolean | undefined
}

type Costs = ReadonlyMap<string, readonly Cost[]>

/** What a playbook costs with the callback, server up and server down, beside the same without it and with ARA. */
export async function benchCallback({ sizes = SIZES, peers = false }: CallbackOptions = {}): Promise<void> {
  const wanted = sizes.split(',').map(readSize)
  const bin = join(root, '.venv/bin')
  if (!existsSync(join(bin, 'ansible-playbook'))) {
    console.log('  skipped: there is no .venv; node scripts/setup.mjs --python makes it')
    return
  }
  const araBin = peers ? installAra(join(bin, 'python')) : undefined
  const measured: { size: Size; costs: Costs }[] = []
  for (const size of wanted) {
    const costs = await measure(araBin ?? bin, size, araBin)
    measured.push({ size, costs })
  }
  const [first, ...others] = measured
  for (const other of others) if (first !== undefined) printGrowth(first, other)
}

function readSize(text: string): Size {
  const [, hosts, forks = FORKS] = /^([1-9]\d{0,3})x50(?:@([1-9]\d{0,2}))?$/.exec(text) ?? []
  if (hosts === undefined) {
    throw new Error(
      `--sizes: expected hosts × 50 tasks, and @forks if not ${FORKS}, such as 20x50,200x50@50; got "${text}"`
    )
  }
  return { hosts: Number(hosts), forks: Number(forks) }
}

/** All variants in turn, round by round, each round beginning with another, so that no place in it is better. */
async function measure(bin: string, size: Size, araBin: string | undefined): Promise<Costs> {
  const folder = mkdtempSync(join(tmpdir(), 'playtrail-bench-'))
  const variants: Variant[] = []
  try {
    variants.push(...(await startVariants(folder, araBin)))
    const costs = new Map<string, Cost[]>(variants.map(({ name }) => [name, []]))
    // Makes databases and byte code, and fills the file cache.
    for (const { environment } of variants) await playbookCost(bin, { hosts: 1, forks: 1 }, environment)
    const before = await results(variants)
    for (let round = 0; round < ROUNDS; round++) {
      for (const variant of turned(variants, round)) {
        if (round >= roundsOf(variant, size)) continue
        costs.get(variant.name)?.push(await playbookCost(bin, size, variant.environment))
        variant.tidy?.()
      }
    }
    print(size, variants, costs)
    printKept(before, await results(variants), costs)
    return costs
  } finally {
    for (const variant of variants) await variant.stop?.()
    rmSync(folder, { recursive: true, force: true })
  }
}

function roundsOf({ isPeer }: Variant, { hosts }: Size): number {
  if (!isPeer) return ROUNDS
  const most = PEER_ROUNDS ?? (hosts >= MANY_HOSTS ? PEER_ROUNDS_MAX : ROUNDS)
  return Math.min(ROUNDS, Number(most))
}

function turned<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}

async function results(variants: readonly Variant[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const { name, results } of variants) if (results !== undefined) counts.set(name, await results())
  return counts
}

function print(size: Size, variants: readonly Variant[], costs: Costs): void {
  console.log(
    `\n  ${title(size)}, ${ROUNDS} alternating rounds; CPU is that of Ansible and all it starts, without servers`
  )
  const head = ['rounds', 'seconds: median (range)', 'ratio', 'CPU: median (range)', 'ratio']
  console.log(row('', head))
  for (const { name } of variants) {
    const own = costs.get(name) ?? []
    console.log(
      row(name, [
        String(own.length),
        spread(own.map(wall), 2),
        ratio(costs, name, wall).toFixed(3),
        spread(own.map(cpu), 2),
        ratio(costs, name, cpu).toFixed(3)
      ])
    )
  }
}

const wall = (cost: Cost): number => cost.wallSeconds
const cpu = (cost: Cost): number => cost.cpuSeconds

/** The ratio of the medians: this variant to none. */
function ratio(costs: Costs, name: string, of: (cost: Cost) => number): number {
  return median((costs.get(name) ?? []).map(of)) / median((costs.get('none') ?? []).map(of))
}

function row(name: string, cells: readonly string[]): string {
  const widths = [6, 24, 7, 24, 7]
  return `  ${name.padEnd(24)}${cells.map((cell, i) => `  ${cell.padStart(widths[i] ?? 0)}`).join('')}`
}

const title = ({ hosts, forks }: Size): string => `${hosts} hosts × 50 tasks, ${forks} forks`

/** A recorder that loses what it should record is fast for the wrong reason. */
function printKept(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  costs: Costs
): void {
  for (const [name, count] of after) {
    const runs = costs.get(name)?.length ?? 0
    console.log(`  ${name}: ${(count - (before.get(name) ?? 0)) / runs} results kept of each run`)
  }
}

function printGrowth(small: { size: Size; costs: Costs }, large: { size: Size; costs: Costs }): void {
  console.log(`\n  growth: the ratio at ${title(large.size)} to that at ${title(small.size)}`)
  for (const name of large.costs.keys()) {
    if (name === 'none') continue
    const of = (costs: Costs): number => ratio(costs, name, wall)
    console.log(
      `  ${name.padEnd(24)}  ${of(large.costs).toFixed(3)} ÷ ${of(small.costs).toFixed(3)} = ${(of(large.costs) / of(small.costs)).toFixed(3)}`
    )
  }
}
