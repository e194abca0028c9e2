import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type Ending, onEnd } from './cleanup.ts'
import { type Answer, createIndices, type Indices } from './elasticsearch-indices.ts'

/** What happens to one request. `items` names those that are not taken, by their place in the request, again from 0 behind its end. */
export type RequestFault =
  | { kind: 'none' }
  | { kind: 'answers'; status: number }
  | { kind: 'drops before' | 'drops after' }
  | { kind: 'items'; status: number; items: readonly number[] }
  | { kind: 'lacks items' | 'rolls over' | 'rolls over, drops after' }

export interface ElasticsearchDouble extends Indices {
  url: string
  /** Met by the next requests that write or ask for documents, one each; when there are no more, all goes well. */
  faults: RequestFault[]
  /** Documents on which the server fails for ever, or which its failure store takes: by their ids. */
  spoiled: Map<string, 'fails' | 'failure store'>
  delayMs: number
  bulkRequests: number
}

/**
 * A server that speaks as much of Elasticsearch as the store asks of it, and keeps what it is sent in memory:
 * for faults that a real one cannot be made to have. elasticsearch-double.test.ts asks it and a real one the same.
 */
export async function startDouble(t: Ending): Promise<ElasticsearchDouble> {
  const indices = createIndices()
  const server = createServer((request, response) => {
    // A connection that a fault cut off is an error to nobody here.
    meet(double, request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const double: ElasticsearchDouble = {
    ...indices,
    url: `http://127.0.0.1:${port}`,
    faults: [],
    spoiled: new Map(),
    delayMs: 0,
    bulkRequests: 0
  }
  onEnd(t, async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })
  return double
}

async function meet(
  double: ElasticsearchDouble,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  const body = await bodyOf(request)
  const path = decodeURIComponent((request.url ?? '').split('?')[0] ?? '')
  const method = request.method ?? ''
  const isOfDocuments = /_bulk$|_mget$|_doc\/|_update\//.test(path)
  const isBulk = path.endsWith('_bulk')
  if (isBulk) double.bulkRequests++
  const fault: RequestFault = (isOfDocuments ? double.faults.shift() : undefined) ?? { kind: 'none' }
  if (isOfDocuments && double.delayMs > 0) await pause(double.delayMs)
  if (fault.kind === 'drops before') return void request.socket.destroy()
  if (fault.kind === 'answers') return send(response, { status: fault.status, body: errorOf(fault.status) })
  if (fault.kind.startsWith('rolls over')) double.rollOver()
  const isSpoiled = (id: string, at: number, count: number): number | 'failure store' | undefined => {
    const spoiled = double.spoiled.get(id)
    if (spoiled !== undefined) return spoiled === 'fails' ? 500 : spoiled
    if (fault.kind !== 'items') return undefined
    return fault.items.some((item) => item % count === at) ? fault.status : undefined
  }
  const answer = double.answer(method, path, body, isSpoiled)
  if (fault.kind === 'drops after' || fault.kind === 'rolls over, drops after')
    return void request.socket.destroy()
  if (fault.kind === 'lacks items' && isBulk) {
    const { items } = answer.body as { items: unknown[] }
    items.splice(Math.floor(items.length / 2), 1)
  }
  send(response, answer)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' })
    .end(JSON.stringify(body))
}

function errorOf(status: number): object {
  return { error: { type: 'planned_fault', reason: `status ${status}` }, status }
}
