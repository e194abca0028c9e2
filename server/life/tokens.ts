import type { Logger } from 'pino'
import type { Token, TokensObserver } from '../access.ts'
import { sleepUnlessAborted } from '../index/retry.ts'
import type { Journal } from '../journal/journal.ts'
import { limits } from '../limits.ts'
import type { Happened } from './event.ts'
import type { Life } from './life.ts'
import type { LifeFile, TokenTold } from './life-file.ts'
import { addressOf } from './refusals.ts'
import { createRounds } from './rounds.ts'
import { type Step, toldInJournal } from './tokens-told.ts'

/** Tells of each token once that it was made, used for the first time, and revoked, across restarts. */
export interface TokensRecorder extends TokensObserver {
  /** Looks for tokens that were made or revoked while nobody asks, until `stop`. */
  watch(look: () => unknown): void
  /** Tells what is known and not told yet. */
  settled(): Promise<void>
  stop(): Promise<void>
}

export interface TokensOptions {
  life: Pick<Life, 'tell'>
  lifeFile: LifeFile
  journal: Pick<Journal, 'find'>
  log: Pick<Logger, 'warn'>
  /** Waits; returns early, without throwing, when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Asks the journal first which of the announced events it has. */
export async function recordTokens(options: TokensOptions): Promise<TokensRecorder> {
  const { life, lifeFile, journal, log, sleep = sleepUnlessAborted } = options
  lifeFile.tokens = await toldInJournal(journal, lifeFile.tokens)
  const stopping = new AbortController()
  /** Tokens that are there, by their hashes, once they have been read. */
  let present: ReadonlyMap<string, Token> | undefined
  /** Those that are there or were, and were not forgotten. */
  const seen = new Map<string, Token>()
  const used = new Map<string, string | undefined>()
  let watching: Promise<void> | undefined

  const toldOf = (sha256: string): TokenTold | undefined =>
    lifeFile.tokens.find((token) => token.sha256 === sha256)

  async function tell(token: TokenTold, step: Step, happened: Happened): Promise<void> {
    const before = token[step]
    try {
      await life.tell(happened, {
        isUrgent: true,
        // Before the event: what was announced and did not come into the journal is told again.
        onId(eventId) {
          token[step] = eventId
          lifeFile.save()
        }
      })
    } catch (error) {
      if (before === undefined) delete token[step]
      else token[step] = before
      throw error
    }
  }

  async function tellAll(): Promise<void> {
    for (const token of seen.values()) {
      if (toldOf(token.sha256) === undefined)
        lifeFile.tokens.push({ name: token.name, role: token.role, sha256: token.sha256 })
    }
    for (const told of [...lifeFile.tokens]) {
      const token = seen.get(told.sha256)
      if (told.created === undefined && token !== undefined) await tell(told, 'created', createdOf(token))
      if (told.used === undefined && used.has(told.sha256))
        await tell(told, 'used', usedOf(told, used.get(told.sha256)))
      if (present === undefined || present.has(told.sha256)) continue
      await tell(told, 'revoked', revokedOf(told))
      lifeFile.tokens = lifeFile.tokens.filter(({ sha256 }) => sha256 !== told.sha256)
      seen.delete(told.sha256)
      used.delete(told.sha256)
    }
  }

  const rounds = createRounds(tellAll, (error) =>
    log.warn({ err: error }, 'what became of tokens could not be recorded yet; it is tried again')
  )

  return {
    onRead(tokens) {
      present = new Map(tokens.map((token) => [token.sha256, token]))
      for (const token of tokens) seen.set(token.sha256, token)
      void rounds.work()
    },
    onUsed(token, from) {
      if (used.has(token.sha256)) return
      used.set(token.sha256, from)
      seen.set(token.sha256, token)
      if (toldOf(token.sha256)?.used === undefined) void rounds.work()
    },
    watch(look) {
      watching = (async () => {
        while (!stopping.signal.aborted) {
          await sleep(limits.tokensLookMs, stopping.signal)
          try {
            look()
          } catch {
            // A file that cannot be read is what the next request is told of.
          }
          if (rounds.isDue) await rounds.work()
        }
      })()
    },
    settled: () => rounds.settled(),
    async stop() {
      stopping.abort()
      await watching
      await rounds.settled()
    }
  }
}

function createdOf({ name, role, created }: Token): Happened {
  const fields = { token: { name, role, created } }
  return { action: 'token.created', category: 'configuration', type: 'creation', fields }
}

function usedOf({ name, role }: TokenTold, from: string | undefined): Happened {
  const source = from === undefined ? {} : { source: { ip: addressOf(from) } }
  return {
    ...{ action: 'token.used', category: 'authentication', type: 'info', outcome: 'success' },
    fields: { token: { name, role }, ...source }
  }
}

function revokedOf({ name, role }: TokenTold): Happened {
  const fields = { token: { name, role } }
  return { action: 'token.revoked', category: 'configuration', type: 'deletion', fields }
}
