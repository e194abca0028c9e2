import { readFileSync } from 'node:fs'
import { Option } from 'commander'
import { settings } from '../config.ts'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'
import type { Surroundings } from './surroundings.ts'

/** Time for one answer to arrive whole. */
export const REQUEST_TIMEOUT_MS = 30_000
const DEFAULT_URL = `http://${settings.listen.fallback}`
/** What may stand in a header. Anything else would make fetch throw an error that quotes the token. */
const TOKEN_PATTERN = /^[\x21-\x7e]+$/

/** Which server to ask, and as whom. */
export interface Connection {
  /** Ends in a slash, so that paths can be put behind it: a proxy may give Playtrail a folder of its own. */
  url: URL
  token: string | undefined
  timeoutMs: number
}

/** There is no option for the token: everybody on the machine can read the arguments of a command. */
export function urlOption(): Option {
  return new Option('--url <url>', `the server to ask (PLAYTRAIL_URL, default ${DEFAULT_URL})`)
}

/** What the option and the environment say. Throws a Failure when they make no sense. */
export function readConnection(url: string | undefined, env: Surroundings['env']): Connection {
  const text = url ?? (env.PLAYTRAIL_URL || DEFAULT_URL)
  return { url: readUrl(text), token: readToken(env), timeoutMs: REQUEST_TIMEOUT_MS }
}

function readUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    // Such as `localhost:8470`, which is a URL of the scheme "localhost".
    throw new Failure(exitCodes.usage, `Expected the server’s URL, such as ${DEFAULT_URL}; got "${text}".`)
  }
  if (url.username !== '' || url.password !== '') {
    // Not quoted: there is a password in it.
    throw new Failure(
      exitCodes.usage,
      'The server’s URL must not hold a name or a password.',
      'Playtrail knows its readers by PLAYTRAIL_TOKEN, or PLAYTRAIL_TOKEN_FILE.'
    )
  }
  url.search = ''
  url.hash = ''
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

/** The token, or undefined for a server that is open. PLAYTRAIL_TOKEN wins over PLAYTRAIL_TOKEN_FILE. */
function readToken(env: Surroundings['env']): string | undefined {
  if (env.PLAYTRAIL_TOKEN) return checkedToken(env.PLAYTRAIL_TOKEN, 'PLAYTRAIL_TOKEN')
  const file = env.PLAYTRAIL_TOKEN_FILE
  if (!file) return undefined
  try {
    return checkedToken(readFileSync(file, 'utf8'), `PLAYTRAIL_TOKEN_FILE (${file})`)
  } catch (error) {
    if (error instanceof Failure) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.usage, `PLAYTRAIL_TOKEN_FILE cannot be read: ${reason}.`, undefined, {
      cause: error
    })
  }
}

function checkedToken(text: string, source: string): string {
  const token = text.trim()
  if (TOKEN_PATTERN.test(token)) return token
  throw new Failure(
    exitCodes.usage,
    `Expected a token in ${source}, and nothing else: one word of letters, digits and signs.`
  )
}
