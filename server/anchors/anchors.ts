import type { Logger } from 'pino'
import { sleepUnlessAborted } from '../index/retry.ts'
import { limits } from '../limits.ts'
import { parseSignedCheckpoint } from '../seal/checkpoint.ts'
import type { Sealer } from '../seal/sealer.ts'
import type { Anchor } from './anchor.ts'
import { Contradiction } from './anchor.ts'
import { type AnchorStatus, createStatus, type Status } from './anchor-status.ts'
import type { RememberedAnchors } from './remembered.ts'
import { within } from './within.ts'

/** Brings the newest checkpoint to the anchors, for as long as the service runs. */
export interface Anchors {
  readonly all: readonly AnchorStatus[]
  /** Brings them what was sealed last, if that takes no longer than `anchorStopMsMax`, and ends. */
  stop(): Promise<void>
}

export interface AnchorsOptions {
  anchors: readonly Anchor[]
  sealer: Pick<Sealer, 'checkpoint' | 'behind' | 'lastError' | 'addSignatures' | 'halt'>
  memory: RememberedAnchors
  everyMs: number
  log: Pick<Logger, 'info' | 'warn' | 'error'>
}

/** Each anchor has a way of its own: one that hangs holds up no other, neither the sealing. */
export function startAnchors(options: AnchorsOptions): Anchors {
  const { anchors, sealer, memory, everyMs, log } = options
  const stopping = new AbortController()
  /** Aborted when a stop has waited long enough. */
  const ending = new AbortController()
  let isForgetting = false
  let noted: Promise<void> = Promise.resolve()

  const remember = async (): Promise<void> => {
    try {
      await memory.keep(statuses.map(({ remembered }) => remembered))
      isForgetting = false
    } catch (error) {
      // It is a remark: what the anchors hold does not depend on it.
      if (!isForgetting)
        log.warn({ err: error }, 'what the anchors hold could not be noted in the data folder')
      isForgetting = true
    }
  }
  const statuses: Status[] = anchors.map((anchor) =>
    createStatus({
      anchor,
      remembered: memory.of(anchor),
      log,
      onChange: () => {
        noted = remember()
      }
    })
  )
  // What was taken out of the settings is forgotten, also what it said of the log: that is how an operator settles it.
  if (memory.count > anchors.filter((anchor) => memory.of(anchor) !== undefined).length) noted = remember()
  const ways = anchors.map(async (anchor, at) => {
    const status = statuses[at]
    if (status === undefined) throw new Error(`the anchor ${anchor.target} has no status`)
    const attempt = attempts(anchor, status, sealer, ending.signal)
    await follow(attempt, everyMs, stopping.signal)
    // What was sealed after the last look. One that fails holds up no stop.
    if (status.error !== undefined) return
    await sealedUnless(sealer, ending.signal)
    await attempt()
  })

  return {
    all: statuses,
    async stop() {
      stopping.abort()
      const over = setTimeout(() => ending.abort(), limits.anchorStopMsMax)
      await Promise.all(ways)
      clearTimeout(over)
      await noted
    }
  }
}

async function follow(
  attempt: () => Promise<boolean>,
  everyMs: number,
  stopping: AbortSignal
): Promise<void> {
  const delayMsMax = Math.min(everyMs, limits.anchorRetryDelayMsMax)
  let delayMs: number = limits.anchorRetryDelayMs
  while (!stopping.aborted) {
    const isKept = await attempt()
    await sleepUnlessAborted(isKept ? everyMs : Math.min(delayMs, delayMsMax), stopping)
    delayMs = isKept ? limits.anchorRetryDelayMs : 2 * delayMs
  }
}

/** One attempt: resolves with whether the anchor keeps the newest checkpoint now. Never rejects. */
function attempts(
  anchor: Anchor,
  status: Status,
  sealer: AnchorsOptions['sealer'],
  end: AbortSignal
): () => Promise<boolean> {
  let isUnderWay = false

  const keep = async (signal: AbortSignal): Promise<void> => {
    // A disk that hangs does not listen to signals. Asking it again and again would hang as often.
    if (isUnderWay) throw new Error('it has still not answered the last time')
    isUnderWay = true
    try {
      const checkpoint = parseSignedCheckpoint(Buffer.from(sealer.checkpoint))
      const lines = await anchor.keep(checkpoint, status.size, signal)
      if (lines !== undefined) await sealer.addSignatures(checkpoint.note.text, lines)
      status.kept(checkpoint)
    } finally {
      isUnderWay = false
    }
  }

  return async () => {
    if (sealer.checkpoint === '' || end.aborted) return false
    try {
      await within(limits.anchorTimeoutMs, end, keep)
      return true
    } catch (error) {
      if (end.aborted) return false
      status.failed(error)
      if (error instanceof Contradiction)
        sealer.halt(
          `the ${anchor.kind} ${anchor.target} does not agree with the log: ${error.message}. Keep this folder when you restore the newest copy, and bring over what it received meanwhile (docs/evidence.md, "What to do")`
        )
      return false
    }
  }
}

/** Resolves when all is sealed, when it is not going to be, or at the end. */
async function sealedUnless(sealer: AnchorsOptions['sealer'], end: AbortSignal): Promise<void> {
  while (sealer.behind > 0 && sealer.lastError === undefined && !end.aborted)
    await sleepUnlessAborted(LOOK_MS, end)
}

const LOOK_MS = 20
