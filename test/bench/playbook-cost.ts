import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** A run that takes longer is broken, or of no use to anybody. */
const RUN_SECONDS_MAX = 3_600
/** What a shipper that has nothing to deliver to spends after its run is counted for so long. */
const LINGER_SECONDS = 5

export interface Size {
  hosts: number
  forks: number
}

export interface Cost {
  wallSeconds: number
  cpuSeconds: number
}

/**
 * What one run of the benchmark's playbook costs: 50 tasks on every host. A process of its own runs it, because Node.js cannot tell
 * the CPU time of a child. Nothing of this process' environment but PATH reaches it.
 */
export async function playbookCost(
  bin: string,
  { hosts, forks }: Size,
  environment: Record<string, string>
): Promise<Cost> {
  const inventory = Array.from({ length: hosts }, (_, i) => `host-${i},`).join('')
  const { stdout } = await promisify(execFile)(
    join(bin, 'python'),
    [
      'test/bench/measure.py',
      String(RUN_SECONDS_MAX),
      String(LINGER_SECONDS),
      join(bin, 'ansible-playbook'),
      ...['-i', inventory, '-c', 'local', '-f', String(forks), 'test/bench/playbook.yml']
    ],
    { cwd: root, env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...environment } }
  )
  const { status, wall, cpu, output } = JSON.parse(stdout)
  if (status === 0) return { wallSeconds: wall, cpuSeconds: cpu }
  const why = status === null ? `was ended after ${RUN_SECONDS_MAX} seconds` : `ended with ${status}`
  throw new Error(`ansible-playbook ${why}:\n${output}`)
}
