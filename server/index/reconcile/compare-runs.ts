import type { RunCorrection, RunLook } from './comparable.ts'
import type { Comparison } from './comparison.ts'
import { recordsAt } from './sources.ts'

/** A run whose document is not what its events say. */
export interface RunFinding extends RunLook {
  id: string
}

/** Compares the document of each run with events of this journal, one run at a time. */
export async function* compareRuns(comparison: Comparison): AsyncGenerator<RunFinding> {
  const { index, findings, onProgress } = comparison
  let done = 0
  let last = ''
  const runs = merged([index.runsWithEvents(), index.runsWithDocument(), asynchronous(findings.runs())])
  for await (const id of runs) {
    const look = await index.lookAtRun(id, correctionOf(comparison, id))
    onProgress('runs', ++done, undefined)
    // A document under an id that is not its run's is out of order; where the run has events it was looked at before.
    const isSeen = id <= last && look.state !== 'added'
    if (id > last) last = id
    if (!isSeen && look.state !== 'agrees' && look.state !== 'other') yield { id, ...look }
  }
}

export function correctionOf({ journal, findings }: Comparison, run: string): RunCorrection {
  return {
    isWrong: (place) => findings.isNamed(place),
    recorded: () => recordsAt(journal, recordsOfRun()),
    results: findings.resultsLacking(run)
  }

  function* recordsOfRun(): Generator<number> {
    for (const { record } of findings.events(['missing', 'changed'], run)) if (record !== null) yield record
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
