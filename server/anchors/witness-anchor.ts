import { dirname, join } from 'node:path'
import { formatAddCheckpoint } from '../seal/add-checkpoint.ts'
import { BadEvidence } from '../seal/bad-evidence.ts'
import type { SignedCheckpoint } from '../seal/checkpoint.ts'
import { formatNote, formatSignature, parseSignatures, verifySignatures } from '../seal/note.ts'
import { consistencyProof } from '../seal/proofs.ts'
import { witnessedPath } from '../seal/witnessed.ts'
import { type Anchor, Contradiction } from './anchor.ts'
import { earlierRoot, type KnownLog, rolledBack } from './continuation.ts'
import { answerOf, type Posted, post } from './post.ts'
import { makeFolder, replaceFileElsewhere } from './replace-file.ts'
import type { WitnessSetting } from './settings.ts'

// https://c2sp.org/tlog-witness

/** Once with the size that is remembered, once with the one that it says. */
const TRIES_MAX = 2
/** As the other files of the log. */
const MODE = 0o600

export interface WitnessOptions extends WitnessSetting {
  logFolder: string
  log: KnownLog
}

/** A witness, which signs what continues all that it has seen. Its signatures are checked before they are believed. */
export function witnessAnchor({ vkey, url, logFolder, log }: WitnessOptions): Anchor {
  const submit = async (old: number, now: SignedCheckpoint, signal: AbortSignal): Promise<Posted> =>
    await post(`${url}/add-checkpoint`, await submission(old, now, log), signal)

  return {
    kind: 'witness',
    target: vkey.name,
    async keep(checkpoint, keptSize, signal) {
      let old = Math.min(keptSize ?? 0, checkpoint.size)
      for (let tries = 0; tries < TRIES_MAX; tries++) {
        const answer = await submit(old, checkpoint, signal)
        if (answer.status === 200 && !answer.isCut) {
          const lines = cosignatures(answer.text, checkpoint, vkey)
          await keepCosigned(join(logFolder, witnessedPath(vkey)), checkpoint, lines)
          return lines
        }
        old = sizeToGoOnFrom(answer, old, checkpoint, log)
      }
      throw new Error('it says another size each time: do two services submit the same log?')
    }
  }
}

async function submission(
  old: number,
  checkpoint: SignedCheckpoint,
  { readTile }: KnownLog
): Promise<Buffer> {
  const { size, origin, note } = checkpoint
  // A proof that does not hold would make the witness say that the log has another history.
  if ((await earlierRoot(checkpoint, old, readTile)) === undefined)
    throw new Error(`the tiles of the log are damaged: they do not prove what it was at ${old} entries`)
  const proof = await consistencyProof(readTile, old, size)
  // The signatures of others are of no interest to it.
  const signatures = note.signatures.filter(({ name }) => name === origin)
  const sent = formatNote({ text: note.text, signatures })
  return formatAddCheckpoint({ oldSize: old, proof, note: Buffer.from(sent) })
}

/** The lines by this witness. Throws unless it signed this checkpoint. */
function cosignatures(
  lines: string,
  { note: { text } }: SignedCheckpoint,
  vkey: WitnessSetting['vkey']
): string {
  try {
    const verified = verifySignatures({ text, signatures: parseSignatures(lines) }, [vkey])
    if (verified.length > 0) return verified.map(({ signature }) => formatSignature(signature)).join('')
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error
    throw new Error(`its answer is no signature of this checkpoint: ${error.message}`, { cause: error })
  }
  throw new Error(`it did not sign with the key that is known, ${vkey.name}+${vkey.id.toString('hex')}`)
}

/** For auditors: what is published is mostly newer by the time they ask. */
async function keepCosigned(path: string, { note, origin }: SignedCheckpoint, lines: string): Promise<void> {
  const signatures = note.signatures.filter(({ name }) => name === origin)
  await makeFolder(dirname(path))
  await replaceFileElsewhere(path, `${formatNote({ text: note.text, signatures })}${lines}`, MODE)
}

/** What to try next. Throws a Contradiction if it has another history, and any other error if it failed otherwise. */
function sizeToGoOnFrom(
  answer: Posted,
  old: number,
  { size }: SignedCheckpoint,
  { journalEnd }: KnownLog
): number {
  const known = /^(0|[1-9][0-9]{0,15})\n$/.exec(answer.text)?.[1]
  const isProofRefused = answer.status === 422 && old > 0
  const isRootRefused = answer.status === 409 && old === size && known === undefined
  if (isProofRefused || isRootRefused) {
    throw new Contradiction(
      `it does not accept that the log continues the checkpoint of ${old} entries that it has (it answered ${answerOf(answer)}): ` +
        'a record was changed, removed or put in between, and the log signed anew, or two copies of the data folder are in use'
    )
  }
  if (answer.status !== 409 || known === undefined || Number(known) === old)
    throw new Error(`expected 200 and its signature, it answered ${answerOf(answer)}`)
  if (Number(known) <= size) return Number(known)
  if (Number(known) > journalEnd()) {
    // The size that a witness answers with is not signed (https://c2sp.org/tlog-witness).
    const said = `it says, which no signature shows, that it has a checkpoint of ${known} entries`
    throw rolledBack(said, journalEnd())
  }
  throw new Error(`it has a checkpoint of ${known} entries, and ${size} are sealed yet`)
}
