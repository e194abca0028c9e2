import type { FastifyBaseLogger } from 'fastify'
import { diskFullCode } from '../data-folder.ts'
import { Problem } from '../errors.ts'
import { BadEvidence } from '../seal/bad-evidence.ts'
import { EMPTY_ROOT } from '../seal/hashes.ts'
import { formatNote, formatSignature } from '../seal/note.ts'
import { cosignText, type SigningKey } from '../seal/signing-key.ts'
import { verifyConsistency } from '../seal/verify-proof.ts'
import type { Cosigned, NewestCosigned } from './newest-cosigned.ts'
import { readSubmitted, type Submitted, type WatchedLogs } from './request.ts'

/** Signature lines, or the size of the newest checkpoint, if the client thought of another one. */
export type Answer = { readonly cosignature: string } | { readonly knownSize: number }

export interface Witness {
  readonly key: SigningKey
  /** Names of the logs that it watches, in order. */
  readonly origins: readonly string[]
  newest(origin: string): Cosigned | undefined
  /** Forks that it was shown since its start: trees of one size that a log signed with different roots. */
  readonly forks: number
  /** The disk failed: nothing is cosigned any more. */
  readonly isBroken: boolean
  /**
   * Cosigns the checkpoint of the request, if it follows from the newest one of its log, and remembers it as that. Throws a Problem if not.
   * All within one turn of the event loop: no other request comes in between.
   */
  add(body: Buffer): Answer
}

export interface WitnessParts {
  key: SigningKey
  logs: WatchedLogs
  memory: NewestCosigned
  log: FastifyBaseLogger
  now?: () => number
  /** Told when the disk can no longer be believed: the process has to end. */
  onBroken: (error: unknown) => void
}

export function createWitness({ key, logs, memory, log, now = Date.now, onBroken }: WitnessParts): Witness {
  let isBroken = false
  let forks = 0
  /** Anybody can send the same one again and again. */
  const told = new Map<string, string>()

  function add(body: Buffer): Answer {
    if (isBroken) throw notKept('The disk failed before')
    const submitted = readSubmitted(body, logs)
    const known = memory.newest(submitted.origin) ?? { size: 0, root: EMPTY_ROOT, seconds: 0 }
    if (submitted.oldSize !== known.size) return { knownSize: known.size }
    checkSameRoot(submitted, known)
    checkProof(submitted, known)
    const seconds = Math.floor(now() / 1_000)
    if (seconds < known.seconds)
      log.warn(
        { origin: submitted.origin, seconds, before: known.seconds },
        'the clock was put back, or was wrong when it cosigned before'
      )
    const cosignature = cosignText(key, submitted.text, seconds)
    const { text, signatures, origin, size, root } = submitted
    const signed = formatNote({ text, signatures: [...signatures, cosignature] })
    remember({ origin, size, root, seconds, signed })
    return { cosignature: formatSignature(cosignature) }
  }

  /** Two roots of one size: nothing but the log's own signatures is needed to see that there are two histories. */
  function checkSameRoot(submitted: Submitted, known: Pick<Cosigned, 'size' | 'root'>): void {
    const { origin, size, root, text, signatures } = submitted
    if (size !== known.size || root.equals(known.root)) return
    forks += 1
    if (told.get(origin) !== text) {
      told.set(origin, text)
      log.error(
        {
          origin,
          size,
          cosigned: memory.newest(origin)?.signed,
          submitted: formatNote({ text, signatures })
        },
        'the log signed two trees of one size: this is the proof that there are two histories, keep it'
      )
    }
    throw new Problem(
      'root_conflict',
      `Of ${size} leaves this witness knows another root, ${known.root.toString('base64')}: the log ${origin} has two histories. ` +
        'Nothing of the second one is cosigned.'
    )
  }

  function remember(cosigned: Cosigned): void {
    try {
      memory.remember(cosigned)
    } catch (error) {
      // What it gives away it has to know after a power cut, too: the cosignature that was made is lost with this.
      if (diskFullCode(error) === undefined) {
        isBroken = true
        onBroken(error)
      } else log.error({ err: error }, 'the disk is full: nothing is cosigned until there is space')
      throw notKept(error instanceof Error ? error.message : String(error), error)
    }
  }

  return {
    key,
    origins: [...logs.keys()],
    newest: (origin) => memory.newest(origin),
    add,
    get forks() {
      return forks
    },
    get isBroken() {
      return isBroken
    }
  }
}

function checkProof({ oldSize, size, root, proof }: Submitted, known: Pick<Cosigned, 'root'>): void {
  try {
    verifyConsistency({ size: oldSize, root: known.root }, { size, root }, proof)
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error
    throw new Problem(
      'proof_invalid',
      `The tree of ${size} leaves was not shown to begin with the ${oldSize} that were cosigned: ${error.message}.`,
      {},
      { cause: error }
    )
  }
}

function notKept(reason: string, cause?: unknown): Problem {
  return new Problem(
    'checkpoint_not_kept',
    `A checkpoint is cosigned only after it was written down, which failed: ${reason}. Send it again later.`,
    {},
    { cause }
  )
}
