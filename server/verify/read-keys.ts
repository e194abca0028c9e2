import { Uncheckable } from '../index/reconcile/comparable.ts'
import { readFileWithin } from '../read-file.ts'
import { BadEvidence } from '../seal/bad-evidence.ts'
import { VKEY_FILE } from '../seal/sealing.ts'
import { parseVkey, type VerifierKey } from '../seal/vkey.ts'
import type { Findings } from './findings.ts'
import type { LogSource } from './log-source.ts'

const VKEYS_BYTES_MAX = 64 * 1024
const VKEY = /^[^\s+]+\+[0-9a-f]{8}\+\S+$/

export interface KnownKeys {
  keys: VerifierKey[]
  /** The log's key came with the log: it shows only that the evidence agrees with itself. */
  isFromLog: boolean
}

/** The keys that were given: verifier keys, or files that have one a line. Throws Uncheckable on what is neither. */
export async function readGivenKeys(given: readonly string[], flag = '--vkey'): Promise<VerifierKey[]> {
  const keys: VerifierKey[] = []
  for (const text of given) {
    const lines = VKEY.test(text) ? text : (await readFileWithin(text, VKEYS_BYTES_MAX))?.toString('utf8')
    if (lines === undefined)
      throw new Uncheckable(
        `${flag}: expected a verifier key, or a file that holds some; there is no file ${text}.`
      )
    try {
      keys.push(...parseKeys(lines))
    } catch (error) {
      if (error instanceof BadEvidence)
        throw new Uncheckable(`${flag} ${text}: ${error.message}`, { cause: error })
      throw error
    }
  }
  return keys
}

/** The given keys; if none of them is a log's, also those that are kept with the log. Undefined: a finding says why. */
export async function keysFor(
  source: LogSource,
  given: readonly VerifierKey[],
  findings: Findings
): Promise<KnownKeys | undefined> {
  if (given.some(({ type }) => type === 'ed25519')) return { keys: [...given], isFromLog: false }
  const bytes = await source.read(VKEY_FILE, VKEYS_BYTES_MAX)
  const file = source.placeOf(VKEY_FILE)
  if (bytes === undefined)
    throw new Uncheckable(
      `there is no key: ${file} is missing, and --vkey names none. Give the log's key with --vkey.`
    )
  try {
    return { keys: [...given, ...parseKeys(bytes.toString('utf8'))], isFromLog: true }
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error
    findings.add({ part: 'checkpoint', message: error.message, file, byte: 0 })
    return undefined
  }
}

function parseKeys(text: string): VerifierKey[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.length === 0) throw new BadEvidence('expected verifier keys, one a line; there is none')
  return lines.map((line) => parseVkey(line.trim()))
}
