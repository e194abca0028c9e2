import { parentPort, workerData } from 'node:worker_threads'
import { answerCalls } from './calls.ts'
import { workWhenIdle } from './idle-work.ts'
import { openReader } from './reader.ts'
import { openToRead, openToWrite } from './schema.ts'
import { openTexts } from './texts.ts'
import { openWriter } from './writer.ts'

/** What a worker is started with. */
export interface WorkerData {
  role: 'write' | 'read'
  path: string
  journalId: string
}

if (parentPort === null) throw new Error('index: worker.ts runs as a worker only')
const { role, path, journalId } = workerData as WorkerData
const db = role === 'write' ? openToWrite(path, journalId) : openToRead(path)
const functions = role === 'write' ? openWriter(db) : openReader(db)
answerCalls(parentPort, { ...functions }, () => db.close())
if (role === 'write') {
  const texts = openTexts(db)
  workWhenIdle(parentPort, () => db.open && texts.addSome())
}
