import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import type { DataFolder } from '../data-folder.ts'
import type { Journal } from '../journal/journal.ts'
import type { AnchoredRoot } from '../seal/anchored-roots.ts'
import { realLogDisk } from '../seal/disk.ts'
import { readPublished } from '../seal/log-reader.ts'
import { logFolders, type OpenedKeys } from '../seal/open-log.ts'
import type { Sealer } from '../seal/sealer.ts'
import { readSigned } from '../seal/signed-record.ts'
import { type Tile, tilePath } from '../seal/tile.ts'
import { parseVkey } from '../seal/vkey.ts'
import type { Anchor } from './anchor.ts'
import { type Anchors, startAnchors } from './anchors.ts'
import type { KnownLog } from './continuation.ts'
import { fileAnchor } from './file-anchor.ts'
import { toldApart } from './names.ts'
import { openRememberedAnchors } from './remembered.ts'
import { checkAnchors } from './start-check.ts'
import { webhookAnchor } from './webhook-anchor.ts'
import { witnessAnchor } from './witness-anchor.ts'

export interface OpenedAnchors {
  /** Roots that the log has to pass before anything is signed. */
  anchored: AnchoredRoot[]
  start(sealer: Sealer): Anchors
}

export interface AnchorParts {
  config: Config
  folder: DataFolder
  journal: Journal
  logKeys: OpenedKeys
  log: Pick<Logger, 'info' | 'warn' | 'error'>
}

/** Makes the anchors of the settings, and asks them what they know of the log. Throws Fatal if it is another one than here. */
export async function openAnchors(parts: AnchorParts): Promise<OpenedAnchors> {
  const { config, folder, journal, logKeys, log } = parts
  const keys = logKeys.vkeys.trim().split('\n').map(parseVkey)
  const signed = readSigned(realLogDisk, logFolders(folder), keys)
  let publishedSize = (): number => signed?.size ?? 0
  const known: KnownLog = {
    journalEnd: () => journal.end,
    async readTile(tile: Tile) {
      const bytes = await readPublished(folder.logFolder, publishedSize, tile)
      if (bytes !== undefined) return bytes
      throw new Error(`the log has no ${join(folder.logFolder, tilePath(tile))}`)
    }
  }
  const files = config.anchorFile.map((path) =>
    fileAnchor({ path, origin: logKeys.origin, keys, log: known })
  )
  const witnesses = config.anchorWitness.map((setting) =>
    witnessAnchor({ ...setting, logFolder: folder.logFolder, log: known })
  )
  const webhooks = config.anchorWebhook.map((url) =>
    webhookAnchor({ url, tokenFile: config.anchorWebhookTokenFile })
  )
  const memory = await openRememberedAnchors(folder.anchors, (error) =>
    log.warn(
      { err: error },
      'what the anchors held could not be read: a file that is gone will not be missed'
    )
  )
  const contradictionOf = (anchor: Anchor): string | undefined => memory.of(anchor)?.contradiction
  const onContradiction = async (anchor: Anchor, reason: string): Promise<void> => {
    try {
      await memory.keepContradiction(anchor, reason)
    } catch (error) {
      // The start ends all the same; what it costs is that a later one has to ask again.
      log.warn({ err: error }, 'what an anchor said of the log could not be noted in the data folder')
    }
  }
  const check = { files, witnesses, signed, log: known, contradictionOf, onContradiction, logger: log }
  const anchored = await checkAnchors(check)
  return {
    anchored,
    start(sealer) {
      publishedSize = () => sealer.size
      const anchors = toldApart<Anchor>([...files, ...webhooks, ...witnesses])
      return startAnchors({ anchors, sealer, memory, everyMs: config.anchorEvery * 1_000, log })
    }
  }
}
