import { readFileSync } from 'node:fs'
import { Client } from '@elastic/elasticsearch'
import { Fatal } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { PatientTransport } from './patient-transport.ts'

export interface ConnectionOptions {
  url: string
  /** A file that holds an encoded API key. */
  apiKeyFile?: string | undefined
  /** A file with the certificates of the authorities to trust, in PEM. */
  caFile?: string | undefined
  /** Ask again, for a while, what Elasticsearch is too busy to answer; a writer has a queue of its own for that. */
  isPatient?: boolean
}

/** Throws Fatal if one of the files cannot be read. */
export function openClient({ url, apiKeyFile, caFile, isPatient = false }: ConnectionOptions): Client {
  const apiKey = apiKeyFile === undefined ? undefined : readSecret(apiKeyFile)
  const ca = caFile === undefined ? undefined : read(caFile, 'the certificates of the authorities')
  return new Client({
    node: url,
    // The client has no limit of its own, and would try again without asking: our queue decides.
    requestTimeout: limits.elasticsearchTimeoutMs,
    maxRetries: 0,
    ...(isPatient && { Transport: PatientTransport }),
    // On the same machine compressing costs more than sending.
    compression: !isLocal(url),
    ...(apiKey !== undefined && { auth: { apiKey } }),
    ...(ca !== undefined && { tls: { ca } })
  })
}

function readSecret(file: string): string {
  const key = read(file, 'the API key').trim()
  if (/^[A-Za-z0-9+/=_-]{8,}$/.test(key)) return key
  throw new Fatal(
    `${file}: expected an encoded API key, as Elasticsearch gives it in "encoded": one word of letters and digits.`
  )
}

function read(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Fatal(`${what} cannot be read: ${reason}`, { cause: error })
  }
}

function isLocal(url: string): boolean {
  return /^(localhost|127\.|\[::1\])/.test(new URL(url).host)
}
