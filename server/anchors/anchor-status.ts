import type { Logger } from 'pino'
import type { Checkpoint } from '../seal/checkpoint.ts'
import type { Anchor, AnchorKind } from './anchor.ts'
import { Contradiction } from './anchor.ts'
import { nameOf } from './names.ts'
import type { Remembered } from './remembered.ts'

/** How an anchor is. */
export interface AnchorStatus {
  readonly kind: AnchorKind
  readonly target: string
  /** Entries of the checkpoint that it kept last; undefined if it never did. */
  readonly size: number | undefined
  /** For how long it has not said that it keeps the newest one, in seconds; since the start of the service if it never did. */
  readonly ageSeconds: number
  /** What fails at the moment. */
  readonly error: string | undefined
  /** How often it failed since the start. */
  readonly failures: number
}

export interface Status extends AnchorStatus {
  readonly remembered: Remembered
  kept(checkpoint: Checkpoint): void
  failed(error: unknown): void
}

export interface StatusOptions {
  anchor: Pick<Anchor, 'kind' | 'target'>
  remembered: Remembered | undefined
  log: Pick<Logger, 'info' | 'warn' | 'error'>
  /** What is to be remembered has changed. */
  onChange(): void
}

/** Keeps the account of an anchor, and tells the log once when it begins to fail, fails with something else, or is well again. */
export function createStatus({ anchor, remembered: before, log, onChange }: StatusOptions): Status {
  const { kind, target } = anchor
  const name = { anchor: nameOf(anchor) }
  const startMs = Date.now()
  let { size, root, at, contradiction } = before ?? {}
  let error: string | undefined
  let failingSince: string | undefined
  let failures = 0

  return {
    kind,
    target,
    get size() {
      return size
    },
    get ageSeconds() {
      return Math.max(0, (Date.now() - (at === undefined ? startMs : Date.parse(at))) / 1_000)
    },
    get error() {
      return error
    },
    get failures() {
      return failures
    },
    get remembered() {
      return {
        kind,
        target,
        ...(size !== undefined && { size }),
        ...(root !== undefined && { root }),
        ...(at !== undefined && { at }),
        ...(error !== undefined && { error }),
        ...(failingSince !== undefined && { failing_since: failingSince }),
        ...(contradiction !== undefined && { contradiction })
      }
    },
    kept(checkpoint) {
      if (error !== undefined)
        log.info({ ...name, size: checkpoint.size }, `the ${kind} ${target} is well again`)
      size = checkpoint.size
      root = checkpoint.root.toString('base64')
      at = new Date().toISOString()
      error = undefined
      failingSince = undefined
      contradiction = undefined
      onChange()
    },
    failed(reason) {
      failures += 1
      const text = textOf(reason)
      if (text === error) return
      error = text
      if (reason instanceof Contradiction) contradiction = text
      failingSince ??= new Date().toISOString()
      const level = reason instanceof Contradiction ? 'error' : 'warn'
      // Without its stack: it is no defect of ours, and may come back every minute.
      log[level](name, `the ${kind} ${target} did not take the newest checkpoint; it is tried again: ${text}`)
      onChange()
    }
  }
}

/** Errors of `fetch` say in their cause what happened. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return error.message === 'fetch failed' && cause instanceof Error ? cause.message : error.message
}
