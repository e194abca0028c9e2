import type { Logger } from 'pino'
import { createRetry, sleepUnlessAborted } from '../index/retry.ts'
import type { JournalReader } from '../journal/reader.ts'
import { limits } from '../limits.ts'
import type { Caller } from '../worker-calls.ts'
import type { AnchoredRoot } from './anchored-roots.ts'
import { isFatal } from './fatal-code.ts'
import { createHandover } from './handover.ts'
import type { Progress } from './sealing.ts'
import type { SealWorker } from './worker.ts'

/** The journal on its way into the log. */
export interface Following {
  /** What was published last: the checkpoint, and the leaves of its tree. */
  readonly published: { readonly size: number; readonly checkpoint: string }
  /** When the checkpoint was published, in milliseconds since 1970; undefined if it was before this start. */
  readonly publishedAt: number | undefined
  readonly lastError: string | undefined
  /**
   * Opens the log and has it compare what was signed with the journal. Rejects with a Fatal if they differ; with
   * any other error, such as a full disk, `follow` tries again.
   */
  open(): Promise<void>
  /** Adds signature lines of others to the published checkpoint, if that has this text still. */
  addSignatures(text: string, lines: string): Promise<void>
  /** Follows the journal until the signal is aborted, then seals the rest. Never rejects. */
  follow(): Promise<void>
  /** Nothing more is signed, for this reason, which `lastError` tells from now on. */
  halt(reason: string): void
}

export interface FollowingOptions {
  journal: JournalReader
  worker: Pick<Caller<SealWorker>, 'call'>
  anchored: readonly AnchoredRoot[]
  log: Pick<Logger, 'warn' | 'error' | 'fatal'>
  signal: AbortSignal
}

export function createFollowing(options: FollowingOptions): Following {
  const { journal, worker, log } = options
  const halting = new AbortController()
  /** Not 0 when nothing more may be signed: the worker looks at it before it signs what it was told long ago. */
  const halted = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  const signal = AbortSignal.any([options.signal, halting.signal])
  const retry = createRetry({ log, signal, isFinal: isFatal })
  let published = { size: 0, checkpoint: '' }
  let publishedAt: number | undefined
  let final: string | undefined
  let isOpen = false
  /** What the tree did not pass yet. What is signed afterwards follows from it, and need not be made again for it. */
  let { anchored } = options
  const handover = createHandover({ journal, worker, halted, onSealed: setPublished })

  async function open(): Promise<void> {
    isOpen = false
    const { next, remarks } = await handover.open(anchored)
    for (const remark of remarks) log.warn(`${remark}: find out who or what removed it`)
    if (halting.signal.aborted) return
    setPublished(await worker.call('seal', { halted }))
    anchored = []
    handover.goOnAt(next)
    isOpen = true
  }

  function setPublished({ size, checkpoint = '' }: Progress): void {
    if (checkpoint !== published.checkpoint && published.checkpoint !== '') publishedAt = Date.now()
    published = { size, checkpoint }
  }

  async function round(): Promise<void> {
    const hasMore = await handover.append()
    if (halting.signal.aborted) return
    const { position, waitingSince, waiting } = handover
    if (waitingSince === undefined) {
      await handover.answered(0)
      return await journal.waitBeyond(position, signal)
    }
    const waitedMs = performance.now() - waitingSince
    const isDue = waitedMs >= limits.sealGatherMs || waiting >= limits.sealLeavesMax
    if (isDue || (signal.aborted && !hasMore)) handover.seal()
    else if (!hasMore) await sleepUnlessAborted(limits.sealGatherMs - waitedMs, signal)
  }

  async function follow(): Promise<void> {
    const attempt = async (): Promise<void> => {
      // After a failure nothing in memory is believed: what is on disk and signed says where to go on.
      if (!isOpen) return await open()
      isOpen = false
      await round()
      isOpen = true
    }
    try {
      while (
        !halting.signal.aborted &&
        (!signal.aborted || handover.isBusy || handover.position < journal.end)
      ) {
        await retry.until('seal the journal', attempt)
        if (signal.aborted && !isOpen) return
      }
    } catch (error) {
      if (!isFatal(error)) throw error
      final = error.message
      log.fatal({ err: error }, 'the log does not agree with what was signed: nothing more is sealed')
    }
  }

  return {
    get published() {
      return published
    },
    get publishedAt() {
      return publishedAt
    },
    get lastError() {
      return final ?? retry.lastError
    },
    open,
    async addSignatures(text, lines) {
      const { size, checkpoint } = await worker.call('addSignatures', { text, lines })
      // Something else may have been published before the answer came.
      if (checkpoint !== undefined && size === published.size) published = { size, checkpoint }
    },
    follow,
    halt(reason) {
      if (final !== undefined) return
      final = reason
      Atomics.store(new Int32Array(halted), 0, 1)
      log.fatal(`${reason}: nothing more is sealed`)
      halting.abort()
    }
  }
}
