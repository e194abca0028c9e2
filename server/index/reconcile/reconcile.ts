import type { JournalFiles } from '../../journal/read-only.ts'
import type { JournalRecord } from '../../journal/record.ts'
import { type ComparableIndex, type Expiry, type IndexRepair, Uncheckable } from './comparable.ts'
import { compareEvents } from './compare-events.ts'
import { compareResults } from './compare-results.ts'
import { compareRuns, correctionOf } from './compare-runs.ts'
import type { Comparison } from './comparison.ts'
import type { Difference } from './difference.ts'
import { type EventFinding, Findings } from './findings.ts'
import { repairEvents, repairResults } from './repair.ts'
import { recordFinder } from './sources.ts'

export interface ReconcileOptions {
  index: ComparableIndex
  /** Opens the journal as it stands by then. */
  openJournal(): Promise<JournalFiles>
  /** Set to make the index agree. */
  repair?: IndexRepair | undefined
  /** Only these records, first ≤ n < next: runs, and what lies beyond the journal, are not compared then. */
  first?: number | undefined
  next?: number | undefined
  /** The index refused the event of this record for good, and that is known. */
  isDeadLetter?: ((record: JournalRecord) => boolean) | undefined
  onDifference(difference: Difference): void | Promise<void>
  onProgress?: Comparison['onProgress'] | undefined
}

export interface Reconciled {
  /** The records first ≤ n < next were compared. */
  first: number
  next: number
  /** Records that the index does not have yet. */
  pending: number
  /** Differences by kind; those of a pass after a repair, if there was one. */
  differences: Record<Difference['kind'], number>
  /** Events that the index refused for good. */
  deadLetters: number
  /** Events, and runs with such events, that are older than what the index keeps: they may be gone by intent. */
  expired: number
  expiredRuns: number
  /** Events that are there through another server. */
  elsewhere: number
  /** Runs that were compared, and those that could not be since they were being written to. */
  runs: number
  movingRuns: number
  /** Differences that were repaired. */
  repaired: number
}

/**
 * Compares the index with the journal, in bounded memory. With `repair` each difference is told, repaired, and all
 * is compared again: what is counted is what is left then.
 */
export async function reconcile(options: ReconcileOptions): Promise<Reconciled> {
  const compared = await onePass(options)
  if (options.repair === undefined || compared.repaired === 0) return compared
  const { repair, ...again } = options
  await repair.settle()
  return { ...(await onePass(again)), repaired: compared.repaired }
}

async function onePass(options: ReconcileOptions): Promise<Reconciled> {
  const { index, openJournal } = options
  // The cursor first: what it stands for is in a journal that is opened later.
  const cursor = await index.cursor()
  const journal = await openJournal()
  const findings = new Findings()
  try {
    const expiry = await index.expiry()
    return await new Pass(options, { journal, findings, cursor, expiry }).run()
  } finally {
    findings.close()
    await journal.close()
    await index.endPass()
  }
}

interface Opened {
  journal: JournalFiles
  findings: Findings
  cursor: number
  expiry: Expiry
}

class Pass {
  readonly #options: ReconcileOptions
  readonly #comparison: Comparison
  readonly #cursor: number
  readonly #reconciled: Reconciled

  constructor(options: ReconcileOptions, { journal, findings, cursor, expiry }: Opened) {
    const { index, isDeadLetter = () => false, onProgress = () => undefined, openJournal } = options
    const end = Math.min(cursor, journal.end)
    const first = Math.min(options.first ?? 0, end)
    const next = Math.max(first, Math.min(options.next ?? end, end))
    const isWhole = options.first === undefined && options.next === undefined
    this.#options = options
    this.#cursor = cursor
    this.#comparison = {
      ...{
        journal,
        index,
        findings,
        findRecord: recordFinder(journal),
        first,
        next,
        isWhole,
        expiry,
        isDeadLetter,
        onProgress
      },
      hasRecord: growing(journal.end, openJournal)
    }
    this.#reconciled = {
      ...{
        first,
        next,
        pending: journal.end - end,
        deadLetters: 0,
        elsewhere: 0,
        expired: 0,
        expiredRuns: 0
      },
      differences: { missing: 0, changed: 0, added: 0, doubled: 0, unclaimed: 0 },
      ...{ runs: 0, movingRuns: 0, repaired: 0 }
    }
    if (first === next && this.#reconciled.pending > 0)
      throw new Uncheckable(
        `none of these records is in the index yet: its cursor stands at ${cursor}, the journal ends at ${journal.end}. Start the service, and try again when it has caught up.`
      )
  }

  async run(): Promise<Reconciled> {
    await this.#cursorAhead()
    await this.#events()
    await this.#results()
    if (this.#comparison.isWhole) await this.#runs()
    return this.#reconciled
  }

  async #tell(difference: Difference): Promise<void> {
    this.#reconciled.differences[difference.kind]++
    if (this.#options.repair !== undefined && difference.kind !== 'unclaimed') this.#reconciled.repaired++
    await this.#options.onDifference(difference)
  }

  async #cursorAhead(): Promise<void> {
    const { journal } = this.#comparison
    if (this.#cursor <= journal.end) return
    await this.#tell({ document: 'cursor', kind: 'changed', id: journal.id, record: this.#cursor })
    // What the index has beyond the journal would be removed, and may be the only copy there is.
    if (this.#options.repair !== undefined)
      throw new Uncheckable(
        `the index knows ${this.#cursor} records of this journal, which has ${journal.end}: an older copy of it was restored. Nothing is repaired, since what the index has beyond may be all that is left of it. Restore the newer journal.`
      )
  }

  async #events(): Promise<void> {
    const { findings } = this.#comparison
    await compareEvents(this.#comparison)
    for (const finding of findings.events(['missing', 'changed', 'added', 'doubled', 'unclaimed']))
      await this.#tell(differenceOf(finding))
    this.#reconciled.deadLetters = findings.countEvents('dead')
    this.#reconciled.expired = findings.countEvents('expired')
    this.#reconciled.elsewhere = findings.countEvents('elsewhere')
    if (this.#options.repair === undefined) return
    await repairEvents(this.#comparison, this.#options.repair)
    findings.forgetEvents()
    await this.#options.repair.settle()
    await this.#comparison.index.endPass()
  }

  async #results(): Promise<void> {
    const { findings, index, findRecord } = this.#comparison
    await compareResults(this.#comparison)
    for (const { key, record, place } of findings.results()) {
      const kind = record === null ? 'added' : place === null ? 'missing' : 'changed'
      const fields: string[] = []
      if (kind === 'changed') {
        const [found] = await index.resultsByKey([key])
        const recorded = await findRecord(record ?? 0)
        if (found !== undefined && recorded !== undefined)
          fields.push(...index.compareResult(recorded, found))
      }
      await this.#tell({
        ...{ document: 'result', kind, id: key },
        ...(record !== null && { record }),
        ...(place !== null && { place }),
        ...(fields.length > 0 && { fields })
      })
    }
    if (this.#options.repair === undefined) return
    await repairResults(this.#comparison, this.#options.repair)
    findings.forgetResults()
    await this.#options.repair.settle()
    await index.endPass()
  }

  async #runs(): Promise<void> {
    const { repair } = this.#options
    for await (const { id, state, fields } of compareRuns({
      ...this.#comparison,
      onProgress: (...progress) => {
        this.#reconciled.runs = progress[1]
        this.#comparison.onProgress(...progress)
      }
    })) {
      if (state === 'expired') this.#reconciled.expiredRuns++
      if (state === 'moving') this.#reconciled.movingRuns++
      if (state !== 'missing' && state !== 'changed' && state !== 'added') continue
      await this.#tell({ document: 'run', kind: state, id, ...(fields.length > 0 && { fields }) })
      await repair?.rebuildRun(id, correctionOf(this.#comparison, id))
    }
  }
}

/** Opening the journal reads its newest segment: it is opened again only for a record that was beyond its end. */
function growing(end: number, openJournal: ReconcileOptions['openJournal']): Comparison['hasRecord'] {
  let known = end
  return async (record) => {
    if (record < known) return true
    const journal = await openJournal()
    await journal.close()
    known = journal.end
    return record < known
  }
}

function differenceOf({ kind, id, record, place, fields }: EventFinding): Difference {
  const names = JSON.parse(fields) as string[]
  return {
    ...{ document: 'event', kind: kind as Difference['kind'], id },
    ...(record !== null && { record }),
    ...(place !== null && { place }),
    ...(names.length > 0 && { fields: names })
  }
}
