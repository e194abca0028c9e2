import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { Fatal } from '../errors.ts'
import { type LogDisk, writeFileDurably } from './disk.ts'
import { type SigningKey, signingKey } from './signing-key.ts'
import { formatVkey, isKeyName, type KeyType } from './vkey.ts'

// keys/origin      name of the log and of its keys, chosen once
// keys/log-1.pem   an Ed25519 key, PKCS #8; log-2.pem and so on after a rotation: all of them sign

const ORIGIN_FILE = 'origin'
const KEY_FILE = /^log-([1-9][0-9]{0,5})\.pem$/
const OTHERS = 0o077

export interface LogKeys {
  readonly origin: string
  /** At least one, the oldest first. All of them sign. */
  readonly keys: readonly SigningKey[]
}

/** The keys in a folder; undefined if there are none yet. Throws Fatal on one that cannot be used. */
export function readKeys(disk: LogDisk, directory: string): LogKeys | undefined {
  const names = keyNames(disk, directory)
  const originPath = join(directory, ORIGIN_FILE)
  if (names.length === 0) return undefined
  if (!disk.exists(originPath))
    throw new Fatal(
      `${originPath} is missing, the name that the log's keys sign with. Restore it from a copy.`
    )
  const origin = disk.read(originPath).toString('utf8').trimEnd()
  if (!isKeyName(origin))
    throw new Fatal(`${originPath} holds no name of a log: "${origin}". Restore it from a copy.`)
  return { origin, keys: names.map((name) => readKey(disk, join(directory, name), origin)) }
}

/** Makes the first key of a log, or one more beside those that are there. It signs from the next start on. */
export function makeKey(disk: LogDisk, directory: string, origin: string): LogKeys {
  const number = numberOf(keyNames(disk, directory).at(-1)) + 1
  // The name first: keys without one are a folder that was damaged.
  if (number === 1) writeFileDurably(disk, directory, ORIGIN_FILE, `${origin}\n`)
  writeFileDurably(disk, directory, `log-${number}.pem`, newKeyPem())
  const made = readKeys(disk, directory)
  if (made === undefined) throw new Error(`${directory} has no key after one was made`)
  return made
}

/** The public keys, one a line, as they are published. */
export function vkeysOf({ keys }: Pick<LogKeys, 'keys'>): string {
  return keys.map(({ verifier }) => `${formatVkey(verifier)}\n`).join('')
}

/** Name of a log unless the operator gives one: unlike any other's, since the journal's identity is in it. */
export function defaultOrigin(host: string, journalId: string): string {
  return `${host.replaceAll(/[^A-Za-z0-9.-]/g, '-')}/playtrail/${journalId}`
}

/** The files of the keys, the oldest first. */
export function keyFiles(disk: LogDisk, directory: string): string[] {
  return keyNames(disk, directory).map((name) => join(directory, name))
}

function keyNames(disk: LogDisk, directory: string): string[] {
  if (!disk.exists(directory)) return []
  const names = disk.names(directory).filter((name) => KEY_FILE.test(name))
  return names.sort((a, b) => numberOf(a) - numberOf(b))
}

function numberOf(name = ''): number {
  return Number(KEY_FILE.exec(name)?.[1] ?? 0)
}

/** A private key, Ed25519, as it is kept: PKCS #8, PEM. */
export function newKeyPem(): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** The key in a file. Throws Fatal if others can read it, or if it is none. */
export function readKey(disk: LogDisk, path: string, name: string, type: KeyType = 'ed25519'): SigningKey {
  const mode = disk.mode(path)
  if ((mode & OTHERS) !== 0)
    throw new Fatal(
      `${path} has mode ${mode.toString(8)}: others can read the key of ${name}, and sign in its name. If nobody did: chmod 600 ${path}`
    )
  // A disk that does not give the key now may do so later: that is no word about the key.
  const pem = disk.read(path)
  try {
    return signingKey(name, type, createPrivateKey(pem))
  } catch (error) {
    throw new Fatal(`${path} is no Ed25519 key (PKCS #8, PEM): ${String(error)}. Restore it from a copy.`, {
      cause: error
    })
  }
}
