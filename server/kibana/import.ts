import { inSpace, type KibanaConnection } from './connection.ts'
import type { Dashboards } from './dashboards.ts'
import { KibanaError } from './errors.ts'
import { type Answer, askKibana } from './request.ts'

/** What Kibana did. */
export interface Imported {
  /** Kibana's version. */
  version: string
  objects: number
  /** How many of them had been there before. */
  replaced: number
}

/** Kibana refuses saved objects that are newer than itself, and ours are as old as these versions read. */
const MINOR_OF_8_MIN = 10
const MAJOR_MAX = 9
const REFUSALS_SHOWN_MAX = 10

/**
 * Imports the dashboards, over those that are there. Rejects with a KibanaError if Kibana did not take all of
 * them; it may then have taken some, and importing again is safe.
 */
export async function importDashboards(
  connection: KibanaConnection,
  { ndjson }: Dashboards
): Promise<Imported> {
  const version = await supportedVersion(connection)
  const form = new FormData()
  form.set('file', new Blob([ndjson], { type: 'application/ndjson' }), 'playtrail.ndjson')
  // FormData becomes bytes, with the boundary that the header has to name, only by way of a body.
  const body = new Response(form)
  const answer = await askKibana(
    connection,
    inSpace(connection, 'api/saved_objects/_import?overwrite=true'),
    {
      contentType: body.headers.get('content-type') ?? '',
      bytes: Buffer.from(await body.arrayBuffer())
    }
  )
  if (answer.status !== 200) throw refusal(answer, connection)
  return { version, ...outcome(answer) }
}

async function supportedVersion(connection: KibanaConnection): Promise<string> {
  const answer = await askKibana(connection, 'api/status')
  if (answer.status !== 200) throw refusal(answer, connection)
  const { number } = (answer.json?.version ?? {}) as { number?: unknown }
  if (typeof number !== 'string') {
    // To somebody it does not know, Kibana says no more than that it is there.
    if (isStatus(answer.json) && connection.apiKey === undefined)
      throw new KibanaError('key_missing', 'its version is told only to users')
    throw new KibanaError('not_kibana', 'it has no version')
  }
  const [major = 0, minor = 0] = number.split('.').map((part) => Number.parseInt(part, 10))
  const isSupported = major === 8 ? minor >= MINOR_OF_8_MIN : major > 8 && major <= MAJOR_MAX
  if (!isSupported) throw new KibanaError('version_unsupported', number)
  return number
}

function isStatus(json: Answer['json']): boolean {
  return json !== undefined && 'status' in json
}

function refusal({ status, json, location }: Answer, { apiKey, space }: KibanaConnection): KibanaError {
  const message = typeof json?.message === 'string' ? json.message : `it is ${status}`
  if (status === 401) return new KibanaError(apiKey === undefined ? 'key_missing' : 'key_refused', message)
  if (status === 403) return new KibanaError('forbidden', message)
  if (status === 503)
    return new KibanaError(
      'starting',
      isStatus(json) ? 'a part of it is not available' : 'it is not ready yet'
    )
  if (status >= 300 && status < 400)
    return new KibanaError('not_kibana', `it is ${status}, and leads to ${location ?? 'nowhere'}`)
  // Without JSON it is not Kibana that speaks, but a proxy before it, or something else altogether.
  if (json === undefined) return new KibanaError('not_kibana', message)
  if (status === 404) return new KibanaError(space === undefined ? 'not_kibana' : 'no_such_space', message)
  if (status === 409) return new KibanaError('conflict', message)
  return new KibanaError(/more recent version/.test(message) ? 'too_new' : 'refused', message)
}

interface RefusedObject {
  type?: string
  id?: string
  title?: string
  meta?: { title?: string }
  error?: { type?: string; message?: string; references?: { type?: string; id?: string }[] }
}

function outcome({ json }: Answer): { objects: number; replaced: number } {
  const { success, successCount, successResults, errors } = (json ?? {}) as {
    success?: unknown
    successCount?: unknown
    successResults?: { overwrite?: boolean }[]
    errors?: RefusedObject[]
  }
  if (typeof success !== 'boolean' || typeof successCount !== 'number')
    throw new KibanaError('not_kibana', 'it is no answer to an import')
  const refused = Array.isArray(errors) ? errors : []
  if (!success || refused.length > 0) {
    const lines = refused.slice(0, REFUSALS_SHOWN_MAX).map(sentenceOn)
    const more = refused.length > lines.length ? [`and ${refused.length - lines.length} more`] : []
    const isConflict = refused.length > 0 && refused.every(({ error }) => /conflict$/.test(error?.type ?? ''))
    throw new KibanaError(
      isConflict ? 'conflict' : 'objects_refused',
      [`it took ${successCount}`, ...lines, ...more].join('; ')
    )
  }
  const replaced = (successResults ?? []).filter(({ overwrite }) => overwrite === true).length
  return { objects: successCount, replaced }
}

function sentenceOn({ type = 'object', id = '?', title, meta, error = {} }: RefusedObject): string {
  const name = `${type} ${id}${title === undefined && meta?.title === undefined ? '' : ` (${title ?? meta?.title})`}`
  if (error.type === 'conflict' || error.type === 'ambiguous_conflict')
    return `${name}: another object of this id is in the way`
  if (error.type === 'unsupported_type') return `${name}: this Kibana has no objects of this type`
  if (error.type === 'missing_references') {
    const missing = (error.references ?? []).map((reference) => `${reference.type} ${reference.id}`)
    return `${name}: what it refers to is missing: ${missing.join(', ')}`
  }
  return `${name}: ${error.message ?? error.type ?? 'no reason given'}`
}
