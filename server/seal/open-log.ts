import { hostname } from 'node:os'
import type { DataFolder } from '../data-folder.ts'
import { Fatal } from '../errors.ts'
import { type LogDisk, realLogDisk } from './disk.ts'
import { defaultOrigin, makeKey, readKeys, vkeysOf } from './keys.ts'
import { hasSigned, type LogFolders, signedSize } from './signed-record.ts'

/** What the service knows of the log's keys: the private ones are the sealing thread's alone. */
export interface OpenedKeys {
  origin: string
  /** The public keys, one a line. */
  vkeys: string
  /** This start made the key. */
  isNew: boolean
}

export function logFolders(folder: DataFolder): LogFolders {
  return { log: folder.logFolder, keys: folder.keys }
}

/** Records of the journal that were durable, since they were signed. */
export function sealedEnd(folder: DataFolder, disk: LogDisk = realLogDisk): number {
  return signedSize(disk, logFolders(folder))
}

/**
 * The log's keys; at the first start one is made. Throws Fatal if there are none where something was signed, or
 * if the log has another name than `origin`, which is empty if the operator gave none.
 */
export function openLogKeys(folder: DataFolder, origin: string, disk: LogDisk = realLogDisk): OpenedKeys {
  const found = readKeys(disk, folder.keys)
  if (found === undefined) {
    if (hasSigned(disk, logFolders(folder))) {
      throw new Fatal(
        `the log in ${folder.logFolder} was signed, and its key is not in ${folder.keys}. Restore that folder from a copy. ` +
          'If the key is lost, the log has come to its end: keep a copy of log/, move it and keys/ away, and a new log begins, with a new key.'
      )
    }
    const chosen = origin === '' ? defaultOrigin(hostname(), folder.log) : origin
    return { origin: chosen, vkeys: vkeysOf(makeKey(disk, folder.keys, chosen)), isNew: true }
  }
  if (origin !== '' && origin !== found.origin) {
    throw new Fatal(
      `the log is named ${found.origin} since its first start, and keeps its name: whoever knows its key knows it by that. ` +
        `Set --log-origin to it, or leave it away; got "${origin}".`
    )
  }
  return { origin: found.origin, vkeys: vkeysOf(found), isNew: false }
}
