import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { type Access, openAccess, readTokens } from './access.ts'
import { buildApp } from './app.ts'
import { createClosing } from './closing.ts'
import { type Config, isLoopback } from './config.ts'
import { type DataFolder, openDataFolder } from './data-folder.ts'
import { Fatal } from './errors.ts'
import type { Follower } from './index/follower.ts'
import type { Journal } from './journal/journal.ts'
import type { Life } from './life/life.ts'
import type { TokensRecorder } from './life/tokens.ts'
import { closeApp, explainListening, urlOf } from './listening.ts'
import { openEvidence } from './open-evidence.ts'
import { type Index, openIndex } from './open-index.ts'
import { openOwnLife } from './open-own-life.ts'
import { openQuarantine } from './receive/quarantine.ts'
import type { OpenedKeys } from './seal/open-log.ts'
import type { Sealer } from './seal/sealer.ts'

/** A running service. */
export interface Service {
  /** For example `http://127.0.0.1:8470`. */
  url: string
  folder: DataFolder
  journal: Journal
  logKeys: OpenedKeys
  sealer: Sealer
  life: Life
  follower: Follower
  app: FastifyInstance
  /** Takes no more requests, ends the open ones, and leaves everything on disk. `failure` says why, if it is no stop that somebody wants. */
  stop(failure?: string): Promise<void>
}

/**
 * Starts everything in the order of the lines below, and ends it in the reverse one: the app takes no more requests, the life of the service
 * ends, the index gets its last record, the log seals it, and the journal is closed. A start that fails ends what it had begun.
 *
 * Throws Fatal, with what to do, if the folder is damaged, newer, not writable or in use, if the journal is not the one that was sealed, or if
 * the address needs tokens and there are none. `onBroken` is told when the disk can no longer be believed: the process has to end.
 */
export async function startService(
  config: Config,
  log: FastifyBaseLogger,
  onBroken: (error: unknown) => void
): Promise<Service> {
  const folder = openDataFolder(config.dataDir, { create: true })
  checkExposure(config, folder)

  /** Why the service ends, if it should not. */
  let failure: string | undefined
  const closing = createClosing()
  try {
    const evidence = await openEvidence({ config, folder, log, onBroken, closing })
    const { journal, logKeys, sealer } = evidence
    let index: Index | undefined
    const ownLife = await openOwnLife({
      ...{ config, folder, log, evidence, closing },
      indexCursor: () => index?.follower.cursor,
      failure: () => failure
    })
    const quarantine = await openQuarantine(folder.quarantine, evidence.space)
    closing.add(() => quarantine.close())
    const registry = new Registry()
    index = await openIndex({ config, folder, log, registry, journal, ownLife, closing })
    const access = openWatchedAccess(config, folder, ownLife.tokens)
    const parts = { config, folder, log, registry, access, quarantine, ...evidence, ...ownLife, ...index }
    const app = await buildApp(parts)
    closing.add(() => closeApp(app))
    await app.listen({ host: config.listen.host, port: config.listen.port })
    const stop = (reason?: string): Promise<void> => {
      failure = reason
      return closing.closeAll()
    }
    const { life } = ownLife
    return { url: urlOf(app), folder, journal, logKeys, sealer, life, follower: index.follower, app, stop }
  } catch (error) {
    failure = 'The service could not start; its own log says why.'
    // What went wrong first is what the operator has to know.
    await closing.closeAll().catch(() => undefined)
    throw explainListening(error, config.listen)
  }
}

/** Who may do what; and what becomes of tokens from now on is told. */
function openWatchedAccess(config: Config, folder: DataFolder, tokens: TokensRecorder): Access {
  const access = openAccess(folder.tokens, { isLoopback: isLoopback(config.listen.host), observer: tokens })
  // Also that all are gone, if their file is.
  tokens.onRead(access.tokens() ?? [])
  tokens.watch(() => access.tokens())
  return access
}

function checkExposure(config: Config, folder: DataFolder): void {
  if (isLoopback(config.listen.host) || readTokens(folder.tokens).length > 0) return
  throw new Fatal(
    `${config.listen.host} can be reached from other machines, and there are no tokens yet: everybody could write and read. ` +
      'Make them first, for example:\n' +
      '  playtrail token create --role sender --name ansible\n' +
      '  playtrail token create --role reader --name me\n' +
      'or listen on 127.0.0.1.'
  )
}
