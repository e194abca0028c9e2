import type { AnchorStatus } from './anchor-status.ts'

/** What /readyz says of an anchor. */
export function anchorDocument({ kind, target, size, ageSeconds, error }: AnchorStatus): object {
  return {
    kind,
    target,
    ...(size !== undefined && { size }),
    age_seconds: Math.round(ageSeconds * 1_000) / 1_000,
    ...(error !== undefined && { error })
  }
}

export const anchorsSchema = {
  type: 'array',
  description: 'Who keeps checkpoints of the log elsewhere.',
  items: {
    type: 'object',
    required: ['kind', 'target', 'age_seconds'],
    properties: {
      kind: { enum: ['file', 'webhook', 'witness'] },
      target: { type: 'string', description: 'Path of the file, host of the webhook, name of the witness.' },
      size: {
        type: 'integer',
        minimum: 0,
        description: 'Records under the checkpoint that it kept last; absent if it never did.'
      },
      age_seconds: {
        type: 'number',
        minimum: 0,
        description:
          'How long ago it said that it keeps the newest checkpoint; if it never did, since the start of the service.'
      },
      error: { type: 'string', description: 'Why it does not take the newest checkpoint.' }
    }
  }
} as const
