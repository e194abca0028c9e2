import type { VerifierKey } from './vkey.ts'

// log/witnessed/<key id>: the newest checkpoint that the witness with this key cosigned, and its signature. The log goes on
// several times a second, so what is published is mostly newer, and not cosigned yet.

/** Where it stands, within the log's folder. */
export function witnessedPath({ id }: Pick<VerifierKey, 'id'>): string {
  return `witnessed/${id.toString('hex')}`
}

/** Key ids as they stand in paths. */
export const WITNESSED_ID = /^[0-9a-f]{8}$/
