import { parentPort, workerData } from 'node:worker_threads'
import type { JournalBatch } from '../journal/record.ts'
import { answerCalls } from '../worker-calls.ts'
import type { AnchoredRoot } from './anchored-roots.ts'
import { realLogDisk } from './disk.ts'
import { marked } from './fatal-code.ts'
import { parseSignatures } from './note.ts'
import { openSealing, type Progress, type Sealing } from './sealing.ts'
import type { LogFolders } from './signed-record.ts'

/** What the thread that seals can be asked; sealing.ts says what is promised. */
export interface SealWorker {
  /** Opens the log, or opens it again from what is on disk. */
  open(given: { journalEnd: number; anchored: readonly AnchoredRoot[] }): Progress
  append(batch: JournalBatch): Progress
  /** Signs nothing as soon as `halted` is not 0, also where it was asked for before. */
  seal(given: { halted: SharedArrayBuffer }): Progress
  /** Signature lines for the checkpoint with this text. */
  addSignatures(given: { text: string; lines: string }): Progress
}

if (parentPort === null) throw new Error('seal: worker.ts runs as a worker only')
const folders = workerData as LogFolders
let current: Sealing | undefined

function sealing(): Sealing {
  if (current === undefined) throw new Error('it is not open')
  return current
}

const functions: SealWorker = {
  open: marked(({ journalEnd, anchored }) => {
    current = openSealing({ disk: realLogDisk, folders, journalEnd, anchored })
    return current.progress
  }),
  append: marked((batch) => sealing().append(batch)),
  seal: marked(({ halted }) =>
    Atomics.load(new Int32Array(halted), 0) === 0 ? sealing().seal() : sealing().progress
  ),
  addSignatures: marked(({ text, lines }) =>
    sealing().addSignatures({ text, signatures: parseSignatures(lines) })
  )
}

answerCalls(parentPort, { ...functions }, { onClose: () => undefined })
