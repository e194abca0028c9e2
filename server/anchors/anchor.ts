import type { SignedCheckpoint } from '../seal/checkpoint.ts'

export type AnchorKind = 'file' | 'webhook' | 'witness'

/** A place outside that keeps checkpoints of the log, so that its history cannot be written anew without being found out. */
export interface Anchor {
  readonly kind: AnchorKind
  /** Where it is, without secrets: for people, and its name in what is remembered of it. */
  readonly target: string
  /**
   * Has it keep the checkpoint, which it may have had before. Resolves when it said so, with signature lines that belong to the
   * checkpoint, if it made some. Rejects with a Contradiction if it keeps a checkpoint that the log does not continue, and
   * with any other error if trying again can help.
   *
   * @param keptSize the size that is remembered to have been kept there; undefined if nothing was
   */
  keep(
    checkpoint: SignedCheckpoint,
    keptSize: number | undefined,
    signal: AbortSignal
  ): Promise<string | undefined>
}

/** The log was signed with another history, or with a longer one, than the one that is here: nothing more may be signed. */
export class Contradiction extends Error {
  override readonly name = 'Contradiction'
}
