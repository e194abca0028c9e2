import { formatAddCheckpoint } from '../../server/seal/add-checkpoint.ts'
import { openCheckpoint } from '../../server/seal/checkpoint.ts'
import type { SigningKey } from '../../server/seal/signing-key.ts'
import { parseVkey } from '../../server/seal/vkey.ts'
import { checkpoint, consistency, type History } from './history.ts'

export interface Answered {
  status: number
  type: string | null
  text: string
}

export async function submit(url: string, body: Buffer | string): Promise<Answered> {
  const response = await fetch(`${url}/add-checkpoint`, { method: 'POST', body: Buffer.from(body) })
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

/** What a log sends that is honest about these entries, if the witness knows the first `oldSize` of them. */
export function request(key: SigningKey, oldSize: number, entries: History): Buffer {
  const proof = consistency(oldSize, entries)
  return formatAddCheckpoint({ oldSize, proof, note: Buffer.from(checkpoint(entries, key)) })
}

/** Seconds since 1970 at which the witness cosigned these entries; throws if its answer does not prove that it did. */
export function cosignedAt(answer: Answered, key: SigningKey, entries: History, vkey: string): number {
  if (answer.status !== 200) throw new Error(`expected a cosignature, got ${answer.status}: ${answer.text}`)
  const note = Buffer.from(checkpoint(entries, key) + answer.text)
  const { verified } = openCheckpoint(note, [key.verifier, parseVkey(vkey)])
  const cosignature = verified.find(({ key: { type } }) => type === 'cosignature/v1')
  if (cosignature === undefined) throw new Error('there is no cosignature of this witness')
  return Number(cosignature.signature.signature.readBigUInt64BE())
}

export function problemCode(answer: Answered): string {
  return (JSON.parse(answer.text) as { code: string }).code
}
