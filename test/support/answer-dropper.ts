import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Ending, onEnd } from './cleanup.ts'

/** Stands between a client and a server, and lets everything through until it is told to drop answers. */
export interface AnswerDropper {
  url: string
  /** Passes the next request on that has `part` in it, and cuts the connection when its answer comes. Resolves then. */
  dropAnswerTo(part: string): Promise<void>
}

export async function startAnswerDropper(t: Ending, targetUrl: string): Promise<AnswerDropper> {
  const target = new URL(targetUrl)
  const sockets = new Set<Socket>()
  let wanted: { part: string; dropped(): void } | undefined
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    let isDropped: (() => void) | undefined
    client.on('data', (bytes) => {
      if (wanted !== undefined && bytes.includes(wanted.part)) {
        isDropped = wanted.dropped
        wanted = undefined
      }
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      if (isDropped === undefined) return void client.write(bytes)
      client.destroy()
      upstream.destroy()
      isDropped()
    })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client]
    ] as const) {
      sockets.add(socket)
      // One side that ends or breaks ends the other.
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onEnd(t, async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((done) => server.close(done))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    dropAnswerTo: (part) =>
      new Promise((dropped) => {
        wanted = { part, dropped }
      })
  }
}
