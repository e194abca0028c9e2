import { filledFolder } from './query/folder.ts'
import { historyOf } from './query/history.ts'
import { type Measured, measureLatencies, printDisk, printLatencies } from './query/latency.ts'

const SIZES = '500k,5M'

export interface QueryOptions {
  /** `500k,5M`: events of the histories. */
  sizes?: string | undefined
}

/** How fast questions are answered as the history grows, and what else asking costs. */
export async function benchQuery({ sizes = SIZES }: QueryOptions): Promise<void> {
  const measured: Measured[] = []
  for (const events of sizes.split(',').map(readSize)) {
    const folder = await filledFolder(String(events), historyOf(events))
    measured.push(await measureLatencies(folder))
    printDisk(folder)
  }
  printLatencies(measured)
}

function readSize(text: string): number {
  const [, digits, unit = ''] = /^([1-9]\d{0,8})([kM]?)$/.exec(text) ?? []
  if (digits === undefined)
    throw new Error(`--sizes: expected numbers of events, such as 500k,5M; got "${text}"`)
  return Number(digits) * ({ k: 1_000, M: 1_000_000 }[unit] ?? 1)
}
