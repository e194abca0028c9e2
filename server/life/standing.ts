import { existsSync } from 'node:fs'
import { readTokens } from '../access.ts'
import { type AnchorSettings, namesOf } from '../anchors/names.ts'
import { type Config, isLoopback } from '../config.ts'
import { Fatal } from '../errors.ts'
import type { Event } from '../event-types.ts'
import type { Journal } from '../journal/journal.ts'
import type { Sealer } from '../seal/sealer.ts'
import type { Space } from '../space/space.ts'

export interface StandingParts {
  config: Pick<Config, 'listen' | 'store'> & AnchorSettings
  journal: Pick<Journal, 'end' | 'size'>
  space: Pick<Space, 'freeBytes'>
  sealer: Pick<Sealer, 'size'>
  logOrigin: string
  tokensFile: string
  /** Records that the index has; undefined until it could be asked. */
  indexCursor(): number | undefined
}

/** As much as an event may say of each. */
const NAME_CHARACTERS_MAX = 1_024

/** How the service stands, as an auditor wants to know it. Asked seldom: it reads the tokens. */
export function standingOf(parts: StandingParts): () => NonNullable<Event['service']> {
  const { config, journal, space, sealer, logOrigin, tokensFile, indexCursor } = parts
  const { host, port } = config.listen
  return () => {
    const cursor = indexCursor()
    const isOpen = isLoopback(host) && !existsSync(tokensFile)
    const tokens = countTokens(tokensFile)
    return {
      ...{ journal_end: journal.end, journal_bytes: journal.size.bytes },
      ...{ log_origin: logOrigin, log_size: sealer.size },
      ...(cursor !== undefined && { index_cursor: cursor }),
      ...(space.freeBytes !== undefined && { free_bytes: space.freeBytes }),
      ...(tokens !== undefined && { tokens }),
      access: isOpen ? 'open' : 'tokens',
      listen: `${host.includes(':') ? `[${host}]` : host}:${port}`,
      store: config.store.kind,
      anchors: namesOf(config).map((name) => name.slice(0, NAME_CHARACTERS_MAX))
    }
  }
}

/** Undefined if the file is damaged: whoever asks for something is told so, and how the service stands is told all the same. */
function countTokens(file: string): number | undefined {
  try {
    return readTokens(file).length
  } catch (error) {
    if (error instanceof Fatal) return undefined
    throw error
  }
}
