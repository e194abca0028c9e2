import { limits } from '../../limits.ts'
import type { IndexRepair, Rewrite } from './comparable.ts'
import type { Comparison } from './comparison.ts'
import type { EventFinding, ResultFinding } from './findings.ts'

/** Removes what is too much first, since it may stand where something else belongs. */
export async function repairEvents(comparison: Comparison, repair: IndexRepair): Promise<void> {
  const { findings } = comparison
  for (const chunk of chunks(findings.events(['added', 'doubled'])))
    await repair.removeEvents(chunk.flatMap(({ place }) => place ?? []))
  for (const chunk of chunks(findings.events(['missing', 'changed'])))
    await repair.writeEvents(await rewritesOf(comparison, chunk))
}

export async function repairResults(comparison: Comparison, repair: IndexRepair): Promise<void> {
  for (const chunk of chunks(comparison.findings.results())) {
    const places = chunk.flatMap(({ record, place }) => (record === null && place !== null ? place : []))
    await repair.removeResults(places)
    await repair.writeResults(await rewritesOf(comparison, chunk))
  }
}

async function rewritesOf(
  { findRecord }: Comparison,
  findings: readonly (EventFinding | ResultFinding)[]
): Promise<Rewrite[]> {
  const places = new Map<number, string | undefined>()
  for (const { record, place } of findings) if (record !== null) places.set(record, place ?? undefined)
  const numbers = [...places.keys()].sort((one, other) => one - other)
  const rewrites: Rewrite[] = []
  for (const number of numbers) {
    const expected = await findRecord(number)
    if (expected !== undefined) rewrites.push({ expected, place: places.get(number) })
  }
  return rewrites
}

function* chunks<Item>(items: Iterable<Item>): Generator<Item[]> {
  let chunk: Item[] = []
  for (const item of items) {
    chunk.push(item)
    if (chunk.length < limits.reconcilePageItems) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
