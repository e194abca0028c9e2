import type { Config } from '../config.ts'
import type { Anchor } from './anchor.ts'

type Named = Pick<Anchor, 'kind' | 'target'>

export type AnchorSettings = Pick<Config, 'anchorFile' | 'anchorWebhook' | 'anchorWitness'>

/** What an anchor is called wherever people read of it, for example `file:/mnt/audit/checkpoint`. */
export function nameOf({ kind, target }: Named): string {
  return `${kind}:${target}`
}

/** The names of the anchors of the settings, in the order in which they are asked. */
export function namesOf({ anchorFile, anchorWebhook, anchorWitness }: AnchorSettings): string[] {
  const named: Named[] = [
    ...anchorFile.map((target) => ({ kind: 'file' as const, target })),
    ...anchorWebhook.map((url) => ({ kind: 'webhook' as const, target: webhookTarget(url) })),
    ...anchorWitness.map(({ vkey }) => ({ kind: 'witness' as const, target: vkey.name }))
  ]
  return toldApart(named).map(nameOf)
}

/** The path of many webhooks is their secret. */
export function webhookTarget(url: string): string {
  return new URL(url).origin
}

/** Webhooks of one host, whose paths are not shown, get a number. */
export function toldApart<Each extends Named>(anchors: readonly Each[]): Each[] {
  return anchors.map((anchor, at) => {
    const isSame = (other: Named): boolean => nameOf(other) === nameOf(anchor)
    const before = anchors.slice(0, at).filter(isSame).length
    return before === 0 ? anchor : { ...anchor, target: `${anchor.target} (${before + 1})` }
  })
}
