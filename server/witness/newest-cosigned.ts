import { join } from 'node:path'
import { Fatal } from '../errors.ts'
import { BadEvidence } from '../seal/bad-evidence.ts'
import type { Checkpoint } from '../seal/checkpoint.ts'
import { cosignatureSeconds } from '../seal/cosignature.ts'
import { type LogDisk, writeFileDurably } from '../seal/disk.ts'
import { sha256 } from '../seal/hashes.ts'
import { openNote } from '../seal/note.ts'
import type { VerifierKey } from '../seal/vkey.ts'
import { type WitnessFolder, whatToDo } from './folder.ts'
import { readCheckpoint } from './request.ts'

/** A checkpoint with the cosignature of this witness. */
export interface Cosigned extends Checkpoint {
  /** The signed note: checkpoint, the log's signatures, the witness's. */
  readonly signed: string
  /** When it was cosigned, in seconds since 1970. */
  readonly seconds: number
}

/** What a witness remembers: of each log the newest checkpoint that it cosigned. */
export interface NewestCosigned {
  newest(origin: string): Cosigned | undefined
  /** Durable when this returns; when it throws, the newest is the one before, and which of the two a next start finds is open. */
  remember(cosigned: Cosigned): void
}

/** By which a log is asked for: its name may have characters that a path has not. */
export function logId(origin: string): string {
  return sha256(Buffer.from(origin)).toString('hex')
}

/** Reads what was cosigned of these logs. Throws Fatal if something is damaged or missing. */
export function openNewestCosigned(
  disk: LogDisk,
  folder: WitnessFolder,
  origins: Iterable<string>
): NewestCosigned {
  const known = new Map<string, Cosigned>()
  let { cosigned } = folder.identity
  for (const origin of origins) {
    const found = readCosigned(disk, folder, origin)
    if (found !== undefined) known.set(origin, found)
    else if (cosigned.includes(origin))
      throw new Fatal(
        `${pathOf(folder, origin)} is missing, the newest checkpoint of ${origin} that was cosigned. ${whatToDo(folder.path)}`
      )
  }
  // A process that was killed may have left a file in the kernel's memory alone: nothing of it is shown before it is durable.
  for (const origin of known.keys()) disk.sync(pathOf(folder, origin))
  disk.syncDirectory(folder.checkpoints)
  list([...known.keys()])

  function list(origins: readonly string[]): void {
    const more = origins.filter((origin) => !cosigned.includes(origin))
    if (more.length === 0) return
    folder.writeCosigned([...cosigned, ...more])
    cosigned = [...cosigned, ...more]
  }

  return {
    newest: (origin) => known.get(origin),
    remember(newest) {
      writeFileDurably(disk, folder.checkpoints, logId(newest.origin), newest.signed)
      // After the file: a log in the list without one is a folder that was damaged.
      list([newest.origin])
      known.set(newest.origin, newest)
    }
  }
}

function pathOf({ checkpoints }: WitnessFolder, origin: string): string {
  return join(checkpoints, logId(origin))
}

function readCosigned(disk: LogDisk, folder: WitnessFolder, origin: string): Cosigned | undefined {
  const path = pathOf(folder, origin)
  if (!disk.exists(path)) return undefined
  try {
    const found = parseCosigned(disk.read(path), folder.key.verifier)
    if (found.origin === origin) return found
    throw new BadEvidence(`it is a checkpoint of ${found.origin}`)
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error
    throw new Fatal(
      `${path} is not what this witness cosigned of ${origin}: ${error.message}. ${whatToDo(folder.path)}`,
      { cause: error }
    )
  }
}

/** Throws BadEvidence unless the bytes are a checkpoint that the key cosigned. */
export function parseCosigned(bytes: Buffer, key: VerifierKey): Cosigned {
  const { text, verified } = openNote(bytes, [key])
  const [seconds] = verified.map(({ signature }) => cosignatureSeconds(signature.signature))
  if (seconds === undefined) throw new BadEvidence('it is not cosigned')
  return { ...readCheckpoint(text), signed: bytes.toString('utf8'), seconds }
}
