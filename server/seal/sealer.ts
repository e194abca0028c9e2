import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { Fatal } from '../errors.ts'
import type { JournalReader } from '../journal/reader.ts'
import { openCaller } from '../worker-calls.ts'
import type { AnchoredRoot } from './anchored-roots.ts'
import { isFatal } from './fatal-code.ts'
import { createFollowing } from './following.ts'
import { CHECKPOINT, type LogFolders } from './signed-record.ts'
import type { SealWorker } from './worker.ts'

/** Seals the journal in the log, for as long as the service runs. */
export interface Sealer {
  /** Leaves of the published tree: the records before this index are sealed. */
  readonly size: number
  /** The published checkpoint, signed; empty as long as there is none. */
  readonly checkpoint: string
  /** For how long it has been the published one, in seconds. */
  readonly checkpointAgeSeconds: number
  /** Records that are not sealed yet. */
  readonly behind: number
  /** What fails at the moment. It is tried again, unless the log does not agree with the journal. */
  readonly lastError: string | undefined
  /**
   * Publishes the checkpoint with more signature lines, such as a witness's, which the caller has verified. Changes
   * nothing if a checkpoint with another text was published meanwhile.
   */
  addSignatures(text: string, lines: string): Promise<void>
  /** Signs nothing more, because somebody outside knows of another history; `lastError` tells the reason from then on. */
  halt(reason: string): void
  /** Seals what the journal holds, and ends. What fails then is not tried again. */
  stop(): Promise<void>
}

export interface SealerOptions {
  journal: JournalReader
  folders: LogFolders
  /** Roots that the tree has to pass before anything is signed. */
  anchored?: readonly AnchoredRoot[]
  log: Pick<Logger, 'warn' | 'error' | 'fatal'>
}

/**
 * Opens the log in a thread of its own, so that sealing holds up no acknowledgement, has what was signed
 * compared with the journal, and goes on from there. Throws Fatal if they differ: nothing is signed then.
 */
export async function startSealer(options: SealerOptions): Promise<Sealer> {
  const { journal, folders, anchored = [], log } = options
  const worker = openCaller<SealWorker>(new URL('./worker.ts', import.meta.url), folders, 'log')
  const stopping = new AbortController()
  const following = createFollowing({ journal, worker, anchored, log, signal: stopping.signal })
  try {
    await following.open()
  } catch (error) {
    if (isFatal(error)) {
      await worker.close()
      throw new Fatal(error.message, { cause: error })
    }
    // The journal is what events are acknowledged by. A disk that is full now may have room later.
    log.error({ err: error }, 'the log could not be opened; it is tried again')
  }
  const publishedBefore =
    statSync(join(folders.log, CHECKPOINT), { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
  const ended = following.follow()

  return {
    get size() {
      return following.published.size
    },
    get checkpoint() {
      return following.published.checkpoint
    },
    get checkpointAgeSeconds() {
      return Math.max(0, (Date.now() - (following.publishedAt ?? publishedBefore)) / 1_000)
    },
    get behind() {
      return journal.end - following.published.size
    },
    get lastError() {
      return following.lastError
    },
    addSignatures: (text, lines) => following.addSignatures(text, lines),
    halt: (reason) => following.halt(reason),
    async stop() {
      stopping.abort()
      await ended
      await worker.close()
    }
  }
}
