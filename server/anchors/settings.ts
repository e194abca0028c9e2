import { resolve } from 'node:path'
import { limits } from '../limits.ts'
import { BadEvidence } from '../seal/bad-evidence.ts'
import { parseVkey, type VerifierKey } from '../seal/vkey.ts'
import { SettingMistake } from './setting-mistake.ts'

/** A witness: where it is, and the key that its signatures are checked with. */
export interface WitnessSetting {
  readonly vkey: VerifierKey
  /** Its submission prefix, without a slash at the end. */
  readonly url: string
}

const SECONDS_MAX = 86_400

// Of a list each line is one; undefined if one of them is none, if one stands there twice, or if they are too many.

/** Absolute paths. */
export function readFiles(text: string): string[] | undefined {
  const files = linesOf(text).map((line) => resolve(line))
  return isListOf(files, limits.anchorFilesMax) ? files : undefined
}

export function readWebhooks(text: string): string[] | undefined {
  const urls = linesOf(text).map(readUrl)
  return urls.every((url) => url !== undefined) && isListOf(urls, limits.anchorUrlsMax) ? urls : undefined
}

/** Throws a SettingMistake that says which part of a line is wrong. */
export function readWitnesses(text: string): WitnessSetting[] | undefined {
  const witnesses = linesOf(text).map(readWitness)
  const names = witnesses.map(({ vkey }) => `${vkey.name} ${vkey.id.toString('hex')}`)
  return isListOf(names, limits.anchorUrlsMax) ? witnesses : undefined
}

export function readSeconds(text: string): number | undefined {
  const seconds = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0
  return seconds >= 1 && seconds <= SECONDS_MAX ? seconds : undefined
}

/** `<vkey>=<url>`: the base64 of a key has no `=`. */
function readWitness(line: string): WitnessSetting {
  const [vkeyText = '', ...rest] = line.split('=')
  if (URL.canParse(vkeyText) && vkeyText.includes('://'))
    throw new SettingMistake('the verifier key of the witness and "=" before its URL', line)
  const vkey = readWitnessKey(vkeyText)
  const urlText = rest.join('=')
  if (urlText === '') throw new SettingMistake('"=" and the URL of the witness behind its verifier key', line)
  const url = readUrl(urlText)
  if (url === undefined)
    throw new SettingMistake(
      'the http or https URL of the witness behind "=", the one before /add-checkpoint, without user and password',
      urlText
    )
  return { vkey, url: url.replace(/\/+$/, '') }
}

function readWitnessKey(text: string): VerifierKey {
  try {
    const vkey = parseVkey(text)
    if (vkey.type === 'cosignature/v1') return vkey
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error
    throw new SettingMistake(`the verifier key of a witness before "=" (${error.message})`, text)
  }
  throw new SettingMistake(
    'the verifier key of a witness before "=", which is of type 4; this one is the key of a log, which is of type 1',
    text
  )
}

/** A secret may be in the path, as in many webhooks, and then in the environment; what stands before an @ is in every log. */
function readUrl(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return undefined
  return url.href
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

function isListOf(items: readonly string[], itemsMax: number): boolean {
  return items.length <= itemsMax && new Set(items).size === items.length
}
