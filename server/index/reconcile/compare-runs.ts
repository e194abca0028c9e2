import type { Recorded, RunCorrection, RunLook } from './comparable.ts'
import type { Comparison } from './comparison.ts'

/** A run whose document is not what its events say; `expired`: some of its events may be gone by intent. */
export interface RunFinding extends Omit<RunLook, 'state'> {
  id: string
  state: Exclude<RunLook['state'], 'agrees' | 'other'> | 'expired'
}

/** Compares the document of each run with events of this journal, one run at a time. */
export async function* compareRuns(comparison: Comparison): AsyncGenerator<RunFinding> {
  const { index, findings, onProgress, expiry } = comparison
  let done = 0
  let last = ''
  const runs = merged([index.runsWithEvents(), index.runsWithDocument(), asynchronous(findings.runs())])
  for await (const id of runs) {
    if (expiry.hasRun(id)) {
      yield { id, state: 'expired', fields: [] }
      continue
    }
    const { state, fields } = await index.lookAtRun(id, correctionOf(comparison, id))
    onProgress('runs', ++done, undefined)
    // A document under an id that is not its run's is out of order; where the run has events it was looked at before.
    const isSeen = id <= last && state !== 'added'
    if (id > last) last = id
    if (!isSeen && state !== 'agrees' && state !== 'other') yield { id, state, fields }
  }
}

export function correctionOf({ findRecord, findings }: Comparison, run: string): RunCorrection {
  return {
    isWrong: (place) => findings.isNamed(place),
    recorded,
    results: findings.resultsLacking(run)
  }

  async function* recorded(): AsyncGenerator<Recorded> {
    for (const { record } of findings.events(['missing', 'changed'], run)) {
      const found = record === null ? undefined : await findRecord(record)
      if (found !== undefined) yield found
    }
  }
}

/** Ascending texts of several sources as one, each once. */
export async function* merged(sources: readonly AsyncIterable<string>[]): AsyncGenerator<string> {
  const heads: { value: string; rest: AsyncIterator<string> }[] = []
  for (const source of sources) {
    const rest = source[Symbol.asyncIterator]()
    const { done, value } = await rest.next()
    if (done !== true) heads.push({ value, rest })
  }
  while (heads.length > 0) {
    const least = heads.reduce((one, other) => (other.value < one.value ? other : one)).value
    yield least
    for (const head of heads.filter(({ value }) => value === least)) {
      const { done, value } = await head.rest.next()
      if (done === true) heads.splice(heads.indexOf(head), 1)
      else head.value = value
    }
  }
}

async function* asynchronous(values: Iterable<string>): AsyncGenerator<string> {
  yield* values
}
