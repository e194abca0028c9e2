import { OPEN_SENDER } from '../access.ts'
import { timeOf } from '../index/documents.ts'
import type { JournalRecord } from '../journal/record.ts'
import { COMMITMENT_ALGORITHM, commitmentOf } from './commitment.ts'

// The leaf of a record: what the log says of an event in public. docs/log-format.md draws it.
//
// It is canonical JSON (RFC 8785) by how it is made: the members stand in the order of their names, all numbers
// are whole, texts have no lone surrogates, and JSON.stringify writes all three as the RFC does.

export const LEAF_VERSION = 1
/**
 * A longer text is left out. The schemas allow none; with it a leaf has at most 8 texts of 6 bytes a character,
 * which keeps it below the 65,535 bytes of an entry whatever a record holds.
 */
export const LEAF_TEXT_CHARACTERS_MAX = 1_024

export interface Leaf {
  /** When it happened, by the sender's clock. */
  '@timestamp'?: string | undefined
  /** Whom the event names as the one who did it. Claimed, and nobody's to read: a commitment to `user.name`. */
  actor?: { algorithm: typeof COMMITMENT_ALGORITHM; commitment: string } | undefined
  ansible?: { redacted: number } | undefined
  event: {
    action?: string | undefined
    id?: string | undefined
    /** When the server received it. */
    ingested: string
    outcome?: string | undefined
    sequence?: number | undefined
  }
  /** Commitment to the event's bytes. */
  payload: { algorithm: typeof COMMITMENT_ALGORITHM; bytes: number; commitment: string }
  playtrail: {
    index: number
    /** Whose token it came with: proved. Absent where the service was open and asked for none. */
    principal?: string | undefined
    sender: string
  }
  run?: { id: string } | undefined
  version: typeof LEAF_VERSION
}

/** The entry of the log for a record: at most 65,535 bytes, whatever the record holds. */
export function leafOf(record: JournalRecord): Buffer {
  return Buffer.from(JSON.stringify(leafMembers(record)))
}

/** The message that the commitment to an actor is made of. No payload is one, since a payload begins with `{`. */
export function actorMessage(name: string): Buffer {
  return Buffer.from(`actor:${name}`)
}

/** JSON.stringify leaves out what is undefined. */
function leafMembers({ index, receivedAt, sender, eventId, salt, payload }: JournalRecord): Leaf {
  const said = parsed(payload)
  const event = objectOf(said.event)
  const actor = text(objectOf(said.user).name)
  const redacted = count(objectOf(said.ansible).redacted)
  const runId = text(objectOf(said.run).id)
  return {
    '@timestamp': text(said['@timestamp']),
    actor: actor === undefined ? undefined : committed(commitmentOf(salt, actorMessage(actor))),
    ansible: redacted === undefined ? undefined : { redacted },
    event: {
      action: text(event.action),
      id: text(eventId),
      ingested: ingestedAt(receivedAt),
      outcome: text(event.outcome),
      sequence: count(event.sequence)
    },
    payload: {
      algorithm: COMMITMENT_ALGORITHM,
      bytes: payload.length,
      commitment: commitmentOf(salt, payload).toString('base64')
    },
    playtrail: { index, principal: sender === OPEN_SENDER ? undefined : sender, sender },
    run: runId === undefined ? undefined : { id: runId },
    version: LEAF_VERSION
  }
}

// All events of a batch were received at once.
let latest = { at: Number.NaN, text: '' }

function ingestedAt(receivedAt: number): string {
  if (latest.at !== receivedAt) latest = { at: receivedAt, text: timeOf(receivedAt) }
  return latest.text
}

function committed(commitment: Buffer): NonNullable<Leaf['actor']> {
  return { algorithm: COMMITMENT_ALGORITHM, commitment: commitment.toString('base64') }
}

/** Only checked events are in the journal; but every record has a leaf, also one of a journal made otherwise. */
function parsed(payload: Buffer): Record<string, unknown> {
  try {
    return objectOf(JSON.parse(payload.toString('utf8')))
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function text(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > LEAF_TEXT_CHARACTERS_MAX || !value.isWellFormed())
    return undefined
  return value
}

function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && Number(value) >= 0 && !Object.is(value, -0)
    ? Number(value)
    : undefined
}
