import { parentPort, workerData } from 'node:worker_threads'
import { answerCalls } from '../../worker-calls.ts'
import { openReader } from './reader.ts'
import { openToRead, openToWrite } from './schema.ts'
import { createStillWanted } from './still-wanted.ts'
import { openWriter } from './writer.ts'

/** What a worker is started with. */
export interface WorkerData {
  role: 'write' | 'read'
  path: string
  journalId: string
  questionMsMax: number
  writeAheadLogBytesMax: number
}

if (parentPort === null) throw new Error('index: worker.ts runs as a worker only')
const { role, path, journalId, questionMsMax, writeAheadLogBytesMax } = workerData as WorkerData
if (role === 'write') {
  const db = openToWrite(path, journalId)
  answerCalls(parentPort, { ...openWriter(db, writeAheadLogBytesMax) }, { onClose: () => db.close() })
} else {
  const db = openToRead(path)
  const wanted = createStillWanted(db, questionMsMax)
  const onQuestion = wanted.begin
  answerCalls(parentPort, { ...openReader(db, wanted) }, { onQuestion, onClose: () => db.close() })
}
