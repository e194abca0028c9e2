import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Ending, onEnd } from '../support/cleanup.ts'
import { parseObjects, type Saved } from './saved.ts'

/** A small server that speaks as much of Kibana as an import needs, and keeps what it is given. */
export interface Kibana {
  url: string
  /** Saved objects by space, then by `type:id`. */
  spaces: Map<string, Map<string, Saved>>
  /** Method, path and query of each request. */
  asked: string[]
}

export interface KibanaOptions {
  version?: string
  /** With security on: the keys there are, and whether each may import. */
  apiKeys?: Record<string, 'may import' | 'may look'>
  /** Types of saved objects that it knows. */
  types?: string[]
  /** A path of its own before all others, as server.basePath gives one. */
  basePath?: string
  isReady?: boolean
  /** Objects that somebody else writes at the same moment, `type:id`. */
  contested?: string[]
  tls?: { key: string; cert: string }
  /** Instead of everything else: what every request is answered with. */
  answer?: (request: IncomingMessage, response: ServerResponse) => void
}

export async function startKibana(t: Ending, options: KibanaOptions = {}): Promise<Kibana> {
  const kibana: Kibana = {
    url: '',
    spaces: new Map([
      ['default', new Map()],
      ['ops', new Map()]
    ]),
    asked: []
  }
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    kibana.asked.push(`${request.method} ${request.url}`)
    if (options.answer !== undefined) options.answer(request, response)
    else
      handle(kibana, options, request).then(
        ({ status, body }) => {
          response.writeHead(status, {
            'content-type': typeof body === 'string' ? 'text/plain' : 'application/json'
          })
          response.end(typeof body === 'string' ? body : JSON.stringify(body))
        },
        (error: unknown) => response.writeHead(500).end(String(error))
      )
  }
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onEnd(t, () => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  kibana.url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}${options.basePath ?? ''}`
  return kibana
}

interface Reply {
  status: number
  body: unknown
}

const names: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  422: 'Unprocessable Entity'
}
const refuse = (statusCode: number, message: string): Reply => ({
  status: statusCode,
  body: { statusCode, error: names[statusCode], message }
})

async function handle(kibana: Kibana, options: KibanaOptions, request: IncomingMessage): Promise<Reply> {
  if (options.isReady === false) return { status: 503, body: 'Kibana server is not ready yet' }
  const url = new URL(request.url ?? '/', 'http://kibana')
  const { basePath = '' } = options
  if (!url.pathname.startsWith(`${basePath}/`)) return refuse(404, 'Not Found')
  const [, space = 'default', path = ''] =
    /^(?:\/s\/([^/]+))?(\/.*)$/.exec(url.pathname.slice(basePath.length)) ?? []
  const key = /^ApiKey (.+)$/.exec(request.headers.authorization ?? '')?.[1]
  const may = options.apiKeys === undefined ? 'may import' : options.apiKeys[key ?? '']
  if (path === '/api/status' && key === undefined && may === undefined)
    return { status: 200, body: { status: { overall: { level: 'available' } } } }
  if (may === undefined)
    return refuse(401, '[security_exception]: unable to authenticate with provided credentials')
  if (path === '/api/status')
    return {
      status: 200,
      body: {
        name: 'kibana',
        version: { number: options.version ?? '9.2.1' },
        status: { overall: { level: 'available' } }
      }
    }
  if (path !== '/api/saved_objects/_import' || request.method !== 'POST') return refuse(404, 'Not Found')
  if (request.headers['kbn-xsrf'] === undefined) return refuse(400, 'Request must contain a kbn-xsrf header.')
  const objects = kibana.spaces.get(space)
  if (objects === undefined) return refuse(404, `Saved object [space/${space}] not found`)
  const file = await fileOf(request)
  if (file?.name.endsWith('.ndjson') !== true) return refuse(400, 'Invalid file extension')
  if (may !== 'may import') return refuse(403, 'Unable to bulk_create dashboard,index-pattern,search')
  return importInto(
    objects,
    parseObjects(await file.text()),
    url.searchParams.get('overwrite') === 'true',
    options
  )
}

async function fileOf(request: IncomingMessage): Promise<File | undefined> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const headers = { 'content-type': request.headers['content-type'] ?? '' }
  const file = (await new Response(Buffer.concat(chunks), { headers }).formData()).get('file')
  return file === null || typeof file === 'string' ? undefined : file
}

function importInto(
  objects: Map<string, Saved>,
  sent: readonly Saved[],
  isOverwriting: boolean,
  options: KibanaOptions
): Reply {
  const { version = '9.2.1', types = ['dashboard', 'index-pattern', 'search'], contested = [] } = options
  // Kibana before 8.9 knows no dashboard of 8.9.
  const isOld = version.startsWith('8.') && Number(version.split('.')[1]) < 9
  const tooNew = isOld ? sent.find(({ typeMigrationVersion }) => typeMigrationVersion === '8.9.0') : undefined
  if (tooNew !== undefined)
    return refuse(
      422,
      `Document "${tooNew.id}" belongs to a more recent version of Kibana [8.9.0] when the last known version is [8.7.0].`
    )
  const errors: unknown[] = []
  const successResults: unknown[] = []
  for (const object of sent) {
    const name = `${object.type}:${object.id}`
    const error = errorOf(object, sent, types) ?? conflictOf(name, objects, isOverwriting, contested)
    const meta = { title: object.attributes?.title }
    if (error !== undefined) errors.push({ type: object.type, id: object.id, meta, error })
    else {
      successResults.push({
        type: object.type,
        id: object.id,
        meta,
        ...(objects.has(name) && { overwrite: true })
      })
      objects.set(name, object)
    }
  }
  return {
    status: 200,
    body: {
      success: errors.length === 0,
      successCount: successResults.length,
      warnings: [],
      successResults,
      ...(errors.length > 0 && { errors })
    }
  }
}

function errorOf({ type = '', references = [] }: Saved, sent: readonly Saved[], types: string[]): unknown {
  if (!types.includes(type)) return { type: 'unsupported_type' }
  const missing = references.filter(
    (reference) =>
      !types.includes(reference.type) ||
      !sent.some((other) => other.type === reference.type && other.id === reference.id)
  )
  if (missing.length === 0) return undefined
  return {
    type: 'missing_references',
    references: missing.map((reference) => ({ type: reference.type, id: reference.id }))
  }
}

function conflictOf(
  name: string,
  objects: ReadonlyMap<string, Saved>,
  isOverwriting: boolean,
  contested: string[]
): unknown {
  if (contested.includes(name) || (objects.has(name) && !isOverwriting)) return { type: 'conflict' }
  return undefined
}
