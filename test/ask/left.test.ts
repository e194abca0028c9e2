import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import { pino } from 'pino'
import { Histogram, Registry } from 'prom-client'
import { eventsRoute } from '../../server/ask/events.ts'
import { runsRoutes } from '../../server/ask/runs.ts'
import { answerProblem } from '../../server/failure.ts'
import type { Page, Store } from '../../server/index/store.ts'
import { observeRequests } from '../../server/requests.ts'
import { onEnd } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'

/** A store that answers no question until it is told that nobody wants the answer. */
interface PatientStore extends Pick<Store, 'runs' | 'results' | 'events'> {
  /** Questions that were given up. */
  ended: string[]
  asked: string[]
}

function patientStore(): PatientStore {
  const asked: string[] = []
  const ended: string[] = []
  const question =
    (name: string) =>
    async <Item>(_query: unknown, signal?: AbortSignal): Promise<Page<Item>> => {
      assert.ok(signal, `${name} is asked with a signal`)
      asked.push(name)
      await once(signal, 'abort')
      ended.push(name)
      throw signal.reason
    }
  return { asked, ended, runs: question('runs'), results: question('results'), events: question('events') }
}

async function served(
  t: TestContext,
  store: PatientStore
): Promise<{
  open(): Promise<Socket>
  lines: { level: number; msg: string; url: string }[]
  registry: Registry
}> {
  const lines: { level: number; msg: string; url: string }[] = []
  const log: FastifyBaseLogger = pino(
    { level: 'info' },
    { write: (line: string) => void lines.push(JSON.parse(line)) }
  )
  const app = Fastify({ loggerInstance: log })
  const registry = new Registry()
  const labelNames = ['method', 'route', 'status'] as const
  const requestSeconds = new Histogram({ name: 'seconds', help: '-', labelNames, registers: [registry] })
  app.setErrorHandler(answerProblem)
  observeRequests(app, { requestSeconds })
  await app.register(runsRoutes, { store: store as unknown as Store })
  await app.register(eventsRoute, { store: store as unknown as Store })
  await app.listen({ host: '127.0.0.1', port: 0 })
  onEnd(t, () => app.close())
  const { port } = app.server.address() as AddressInfo
  return {
    lines,
    registry,
    async open() {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      return socket
    }
  }
}

const routes = {
  '/v1/events': 'events',
  '/v1/events?run=019a5344': 'runs',
  '/v1/runs': 'runs',
  '/v1/runs/019a5344': 'runs',
  '/v1/runs/019a5344/results': 'runs'
}

test('a question is ended when the client goes away before the answer', async (t) => {
  const store = patientStore()
  const { open, lines, registry } = await served(t, store)
  for (const [url, question] of Object.entries(routes)) {
    store.asked.length = 0
    store.ended.length = 0
    const socket = await open()
    socket.write(`GET ${url} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await eventually(async () => store.asked[0])
    assert.deepEqual(store.ended, [], `${url}: it is asked for as long as the client waits`)
    socket.destroy()
    await eventually(async () => store.ended[0])
    assert.deepEqual(store.ended, [question], url)
    await eventually(async () => lines.find((line) => line.msg === 'request left' && line.url === url))
  }
  assert.deepEqual(
    lines.filter(({ level }) => level > 30),
    [],
    'it is no error of the server'
  )
  assert.match(await registry.metrics(), /status="499"/)
  assert.doesNotMatch(await registry.metrics(), /status="500"/)
})
