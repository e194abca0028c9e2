import type { Logger } from 'pino'
import type { Caller } from '../../worker-calls.ts'
import type { Writer } from './writer.ts'

/** Pause after words could not be added, for example because the disk is full. */
const RETRY_MS = 5_000

/** Has words added to the full-text index, step by step, while nothing else is written. */
export interface WordAdding {
  /** A write: while it is under way no step is begun. */
  during<Answer>(write: Promise<Answer>): Promise<Answer>
  /** No further step is begun. */
  stop(): void
}

export function startWordAdding(
  writer: Pick<Caller<Writer>, 'call'>,
  log: Pick<Logger, 'warn'>,
  onLongLog: () => void
): WordAdding {
  let writes = 0
  let isUnderWay = false
  let isStopped = false
  let retry: NodeJS.Timeout | undefined

  async function addAll(): Promise<void> {
    for (;;) {
      if (isStopped || writes > 0) return
      const { isMore, isLogLong } = await writer.call('addWords', undefined)
      if (isLogLong) onLongLog()
      if (!isMore) return
    }
  }

  function wake(): void {
    if (isUnderWay || isStopped || writes > 0) return
    isUnderWay = true
    addAll()
      .catch((error: unknown) => {
        log.warn(
          { reason: String(error) },
          'words could not be added to the index; searching for them is slow'
        )
        clearTimeout(retry)
        retry = setTimeout(wake, RETRY_MS)
        retry.unref()
      })
      .finally(() => {
        isUnderWay = false
      })
  }

  wake()
  return {
    async during(write) {
      writes++
      try {
        return await write
      } finally {
        writes--
        // The follower's next write, if one waits, comes first.
        setImmediate(wake)
      }
    },
    stop() {
      isStopped = true
      clearTimeout(retry)
    }
  }
}
