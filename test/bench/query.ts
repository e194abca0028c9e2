import { benchExport } from './export.ts'
import { besideAra } from './query/beside-ara.ts'
import { type FilledFolder, filledFolder } from './query/folder.ts'
import { historyOf } from './query/history.ts'
import { measureIngest } from './query/ingest.ts'
import { type Measured, measureLatencies, printDisk, printLatencies } from './query/latency.ts'

const SIZES = '500k,5M'

export interface QueryOptions {
  /** `500k,5M`: events of the histories. */
  sizes?: string | undefined
  /** `latency,ara`: the parts that are wanted, instead of all. */
  only?: string | undefined
}

const parts = ['latency', 'ingest', 'export', 'ara'] as const

/** How fast questions are answered as the history grows, and what else asking costs. */
export async function benchQuery({ sizes = SIZES, only = parts.join() }: QueryOptions): Promise<void> {
  const wanted = only.split(',').map(readPart)
  const folders: FilledFolder[] = []
  if (wanted.includes('latency') || wanted.includes('ingest')) {
    for (const events of sizes.split(',').map(readSize))
      folders.push(await filledFolder(String(events), historyOf(events)))
  }
  if (wanted.includes('latency')) {
    const measured: Measured[] = []
    for (const folder of folders) {
      measured.push(await measureLatencies(folder))
      printDisk(folder)
    }
    printLatencies(measured)
  }
  const largest = folders.at(-1)
  if (wanted.includes('ingest') && largest !== undefined) await measureIngest(largest)
  if (wanted.includes('export')) {
    console.log('\n  export')
    await benchExport()
  }
  if (wanted.includes('ara')) await besideAra()
}

function readPart(text: string): (typeof parts)[number] {
  const part = parts.find((known) => known === text)
  if (part !== undefined) return part
  throw new Error(`--only: expected ${parts.join(', ')}, or several of them with commas; got "${text}"`)
}

function readSize(text: string): number {
  const [, digits, unit = ''] = /^([1-9]\d{0,8})([kM]?)$/.exec(text) ?? []
  if (digits === undefined)
    throw new Error(`--sizes: expected numbers of events, such as 500k,5M; got "${text}"`)
  return Number(digits) * ({ k: 1_000, M: 1_000_000 }[unit] ?? 1)
}
