import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Ending, onEnd } from '../support/cleanup.ts'

/** How a request is met: before what is behind the door sees it, or after it did its work. */
export type Fault =
  | 'none'
  | 'fails before'
  | 'fails after'
  | 'repeats the path'
  | 'cuts before'
  | 'cuts after'
  | 'hangs'
  | 'redirects'
  | 'never ends'

/** A server that stands before another one, or before nobody, and fails as it is told. */
export interface FaultyDoor {
  url: string
  fault: Fault
  /** The requests that came, whatever became of them. */
  readonly seen: { path: string; body: string; authorization: string | undefined }[]
}

export async function faultyDoor(t: Ending, behind?: string): Promise<FaultyDoor> {
  const seen: FaultyDoor['seen'] = []
  const door: FaultyDoor = { url: '', fault: 'none', seen }
  const meet = async (incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const body = await textOf(incoming)
    seen.push({ path: incoming.url ?? '', body, authorization: incoming.headers.authorization })
    const { fault } = door
    if (fault === 'hangs') return
    if (fault === 'cuts before') return void incoming.socket.destroy()
    if (fault === 'fails before') return void answer.writeHead(500).end('out of order')
    if (fault === 'repeats the path')
      return void answer.writeHead(404).end(`There is no POST ${decodeURI(incoming.url ?? '')}.`)
    if (fault === 'redirects') return void answer.writeHead(302, { location: '/elsewhere' }).end()
    if (fault === 'never ends') return void flood(answer)
    const { status, type, text } = behind === undefined ? taken : await passOn(behind, incoming, body)
    if (fault === 'cuts after') return void incoming.socket.destroy()
    if (fault === 'fails after') return void answer.writeHead(502).end('lost on the way back')
    answer.writeHead(status, { 'content-type': type }).end(text)
  }
  const server = createServer((incoming, answer) => {
    // Whoever asked may have gone by then.
    meet(incoming, answer).catch(() => incoming.socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onEnd(t, async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })
  door.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return door
}

const taken = { status: 204, type: 'text/plain', text: '' }

async function passOn(behind: string, incoming: IncomingMessage, body: string): Promise<typeof taken> {
  const outgoing = request(`${behind}${incoming.url}`, { method: incoming.method ?? 'GET' })
  outgoing.end(body)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const text = await textOf(response)
  return { status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text }
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** An answer without an end, for as long as somebody takes it. */
function flood(answer: ServerResponse): void {
  answer.writeHead(200, { 'content-type': 'text/plain' })
  const more = (): void => {
    if (!answer.destroyed) answer.write('x'.repeat(16_384), more)
  }
  more()
}
