import type { FastifyBaseLogger } from 'fastify'
import { type Closing, createClosing } from './closing.ts'
import type { Config } from './config.ts'
import type { DataFolder } from './data-folder.ts'
import { keepBeating } from './life/heartbeat.ts'
import { type Life, openLife } from './life/life.ts'
import { openLifeFile } from './life/life-file.ts'
import { type RefusalRecorder, recordRefusals } from './life/refusals.ts'
import { standingOf } from './life/standing.ts'
import { recordTokens, type TokensRecorder } from './life/tokens.ts'
import type { Evidence } from './open-evidence.ts'
import { type ConflictRecorder, recordConflicts } from './receive/conflicts.ts'
import { reserveIn } from './space/reserve.ts'
import { freeBytesOf } from './space/space.ts'
import { watchSpace } from './space/watch.ts'

/** The life of the service, and all that tells in it what happens. */
export interface OwnLife {
  life: Life
  conflicts: ConflictRecorder
  refusals: RefusalRecorder
  tokens: TokensRecorder
  /** Tells what is known and not told yet, and that the service ends: the journal's last record. */
  endLife(): Promise<void>
}

export interface OwnLifeOptions {
  config: Config
  folder: DataFolder
  log: FastifyBaseLogger
  evidence: Evidence
  /** Records that the index has; undefined until it could be asked. */
  indexCursor(): number | undefined
  /** Why the service ends, if it should not. */
  failure(): string | undefined
  closing: Closing
}

/** Begins the life before there is an index: that a start failed is told as well. */
export async function openOwnLife(options: OwnLifeOptions): Promise<OwnLife> {
  const { config, folder, log, evidence, indexCursor, failure, closing } = options
  const { space, journal, sealedBefore, logKeys, sealer } = evidence
  const telling = createClosing()
  const lifeFile = openLifeFile(folder.life)
  const standing = standingOf({
    ...{ config, journal, space, sealer, indexCursor },
    ...{ logOrigin: logKeys.origin, tokensFile: folder.tokens }
  })
  const life = await openLife({ journal, lifeFile, log, standing, sealedEnd: sealedBefore })
  telling.add(() => life.end(failure()))
  // Where the start fails before there is an index.
  closing.add(() => telling.closeAll())
  await life.begin()
  const spaceWatch = await watchSpace({
    ...{ space, life, log },
    reserve: reserveIn(folder.reserve),
    freeBytes: () => freeBytesOf(folder.path)
  })
  telling.add(() => spaceWatch.stop())
  const conflicts = recordConflicts({ journal, life, log })
  telling.add(() => conflicts.close())
  const refusals = recordRefusals({ life, log })
  telling.add(() => refusals.close())
  const tokens = await recordTokens({ life, lifeFile, journal, log })
  telling.add(() => tokens.stop())
  const heartbeat = keepBeating({ life, log, standing })
  telling.add(() => heartbeat.stop())
  return { life, conflicts, refusals, tokens, endLife: () => telling.closeAll() }
}
