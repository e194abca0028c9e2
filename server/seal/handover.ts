import type { JournalReader } from '../journal/reader.ts'
import type { Caller } from '../worker-calls.ts'
import type { AnchoredRoot } from './anchored-roots.ts'
import type { Progress } from './sealing.ts'
import type { SealWorker } from './worker.ts'

/** What is handed on to the sealing thread, which does one after the other. A failure is told to whoever waits for an answer next. */
export interface Handover {
  /** The record that is read next. */
  readonly position: number
  /** When the oldest record was read that the thread was not told to seal; undefined if there is none. */
  readonly waitingSince: number | undefined
  /** Records that were read since it was told to seal. */
  readonly waiting: number
  /** Something waits, or has not been answered. */
  readonly isBusy: boolean
  /** Opens the log, and has what was signed compared with the journal. */
  open(anchored: readonly AnchoredRoot[]): Promise<Progress>
  /** Goes on from this record, before which all is sealed. */
  goOnAt(next: number): void
  /** Hands on the next batch of the journal; false at its end. One waits at the thread while it works on another. */
  append(): Promise<boolean>
  seal(): void
  /** Resolves when no more than so many have no answer. */
  answered(leftMax: number): Promise<void>
}

export interface HandoverOptions {
  journal: JournalReader
  worker: Pick<Caller<SealWorker>, 'call'>
  /** Not 0 when nothing more may be signed. */
  halted: SharedArrayBuffer
  onSealed(progress: Progress): void
}

export function createHandover({ journal, worker, halted, onSealed }: HandoverOptions): Handover {
  let position = 0
  /** Up to which record it was told to seal. */
  let sealedTo = 0
  let waitingSince: number | undefined
  /** What it was told and has not answered, the oldest first. */
  const underWay: Promise<void>[] = []

  function tell(answer: Promise<void>): void {
    answer.catch(() => undefined)
    underWay.push(answer)
  }

  async function answered(leftMax: number): Promise<void> {
    while (underWay.length > leftMax) await underWay.shift()
  }

  return {
    get position() {
      return position
    },
    get waitingSince() {
      return waitingSince
    },
    get waiting() {
      return position - sealedTo
    },
    get isBusy() {
      return underWay.length > 0 || waitingSince !== undefined
    },
    async open(anchored) {
      await Promise.allSettled(underWay.splice(0))
      let progress = await worker.call('open', { journalEnd: journal.end, anchored })
      while (progress.next < progress.toCheck) {
        const batch = await journal.read(progress.next)
        if (batch === undefined) throw new Error(`the journal has no record ${progress.next}`)
        progress = await worker.call('append', batch, { moved: [batch.bytes.buffer] })
      }
      return progress
    },
    goOnAt(next) {
      position = next
      sealedTo = next
      waitingSince = undefined
    },
    async append() {
      await answered(1)
      const batch = await journal.read(position)
      if (batch === undefined) return false
      const { next } = batch
      position = next
      waitingSince ??= performance.now()
      const taken = worker.call('append', batch, { moved: [batch.bytes.buffer] })
      tell(
        taken.then((progress) => {
          if (progress.next !== next)
            throw new Error(`the log asks for record ${progress.next}, not for ${next}`)
        })
      )
      return true
    },
    seal() {
      sealedTo = position
      waitingSince = undefined
      tell(worker.call('seal', { halted }).then(onSealed))
    },
    answered
  }
}
