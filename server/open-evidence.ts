import type { FastifyBaseLogger } from 'fastify'
import type { Anchors } from './anchors/anchors.ts'
import { openAnchors } from './anchors/open-anchors.ts'
import type { Closing } from './closing.ts'
import type { Config } from './config.ts'
import type { DataFolder } from './data-folder.ts'
import { type Journal, openJournal } from './journal/journal.ts'
import { logFolders, type OpenedKeys, openLogKeys, sealedEnd } from './seal/open-log.ts'
import { type Sealer, startSealer } from './seal/sealer.ts'
import { Space } from './space/space.ts'

/** What an auditor believes: the journal, the log that is signed of it, and who keeps checkpoints of that elsewhere. */
export interface Evidence {
  space: Space
  journal: Journal
  /** Records of the journal that were in the signed log before it was opened. */
  sealedBefore: number
  logKeys: OpenedKeys
  sealer: Sealer
  anchors: Anchors
}

export interface EvidenceOptions {
  config: Config
  folder: DataFolder
  log: FastifyBaseLogger
  onBroken: (error: unknown) => void
  closing: Closing
}

export async function openEvidence(options: EvidenceOptions): Promise<Evidence> {
  const { config, folder, log, onBroken, closing } = options
  const space = new Space(config.diskReserve * 1024 * 1024)
  const sealedBefore = sealedEnd(folder)
  const journal = await openJournal(folder, { onBroken, room: space, durableEnd: sealedBefore })
  closing.add(() => journal.close())
  if (journal.cutBytes > 0)
    log.warn(
      { bytes: journal.cutBytes },
      'cut a torn tail off the journal: bytes that were never acknowledged'
    )
  const logKeys = openLogKeys(folder, config.logOrigin)
  if (logKeys.isNew && journal.end > 0)
    log.warn(
      { records: journal.end, origin: logKeys.origin },
      'a new log begins, of a journal that has records already: if there was a log before, somebody removed it'
    )
  // They may know that this is not the newest history, before anything is signed.
  const { anchored, start: startAnchors } = await openAnchors({ config, folder, journal, logKeys, log })
  const sealer = await startSealer({ journal, folders: logFolders(folder), anchored, log })
  closing.add(() => sealer.stop())
  const anchors = startAnchors(sealer)
  closing.add(() => anchors.stop())
  return { space, journal, sealedBefore, logKeys, sealer, anchors }
}
