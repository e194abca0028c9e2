import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import { pino } from 'pino'
import { Histogram, Registry } from 'prom-client'
import { compareRoute } from '../../server/ask/compare.ts'
import { driftRoute } from '../../server/ask/drift.ts'
import { eventsRoute } from '../../server/ask/events.ts'
import { runsRoutes } from '../../server/ask/runs.ts'
import { summariesRoutes } from '../../server/ask/summaries/routes.ts'
import { answerProblem } from '../../server/failure.ts'
import type { Store } from '../../server/index/store.ts'
import { observeRequests } from '../../server/requests.ts'
import { onEnd } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { get, runningService } from '../support/service.ts'

/** A store that answers no question until it is told that nobody wants the answer. */
interface PatientStore {
  /** Questions that were given up. */
  ended: string[]
  asked: string[]
  /** Whether it answers which run is meant, so that what is asked behind that can be looked at. */
  isRunKnown: boolean
  store: Store
}

const RUN = '019a5344-9e0b-7c3f-8a51-6d1e0c9b7a42'

function patientStore(): PatientStore {
  const patient = { asked: [] as string[], ended: [] as string[], isRunKnown: false }
  const question =
    (name: string) =>
    async (...given: unknown[]): Promise<unknown> => {
      const signal = given.at(-1)
      assert.ok(signal instanceof AbortSignal, `${name} is asked with a signal`)
      if (name === 'runs' && patient.isRunKnown) return { items: [{ run: { id: RUN } }] }
      patient.asked.push(name)
      await once(signal, 'abort')
      patient.ended.push(name)
      throw signal.reason
    }
  const store = new Proxy({}, { get: (_none, name: string) => question(name) }) as Store
  return Object.assign(patient, { store })
}

async function served(
  t: TestContext,
  { store }: PatientStore
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
  for (const routes of [runsRoutes, eventsRoute, compareRoute, driftRoute, summariesRoutes])
    await app.register(routes, { store })
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

/** URLs of each route, with the question that the client goes away from; where that is `runs` first, also the next. */
const routes: Record<string, { url: string; question: keyof Store; isRunKnown?: true }[]> = {
  '/v1/events': [
    { url: '/v1/events', question: 'events' },
    { url: '/v1/events?run=019a5344', question: 'runs' },
    { url: '/v1/events?run=019a5344&limit=2', question: 'events', isRunKnown: true }
  ],
  '/v1/runs': [{ url: '/v1/runs', question: 'runs' }],
  '/v1/runs/{id}': [{ url: '/v1/runs/019a5344', question: 'runs' }],
  '/v1/runs/{id}/results': ofRun('results', 'results'),
  '/v1/runs/{id}/plays': ofRun('plays', 'outline'),
  '/v1/runs/{id}/tasks': ofRun('tasks', 'outline'),
  '/v1/runs/{id}/hosts': ofRun('hosts', 'outline'),
  '/v1/runs/{id}/matrix': ofRun('matrix', 'outline'),
  '/v1/compare': [
    { url: '/v1/compare?a=019a5344&b=019a5345', question: 'runs' },
    { url: '/v1/compare?a=019a5344&b=019a5346', question: 'outline', isRunKnown: true }
  ],
  '/v1/drift': [{ url: '/v1/drift', question: 'eventParts' }],
  '/v1/hosts': [{ url: '/v1/hosts', question: 'hosts' }],
  '/v1/hosts/{name}': [{ url: '/v1/hosts/web-1', question: 'hosts' }],
  '/v1/hosts/{name}/runs': [{ url: '/v1/hosts/web-1/runs', question: 'hostRuns' }],
  '/v1/playbooks': [{ url: '/v1/playbooks', question: 'playbooks' }],
  '/v1/users': [{ url: '/v1/users', question: 'users' }],
  '/v1/tasks': [{ url: '/v1/tasks', question: 'tasks' }],
  '/v1/tasks/{key}': [{ url: `/v1/tasks/${'a'.repeat(40)}`, question: 'tasks' }],
  '/v1/facets': [
    { url: '/v1/facets', question: 'facets' },
    { url: '/v1/facets?run=019a5344', question: 'runs' }
  ],
  '/v1/histogram': [
    { url: '/v1/histogram', question: 'eventParts' },
    { url: '/v1/histogram?interval=day', question: 'histogram' }
  ]
}

function ofRun(part: string, question: keyof Store): (typeof routes)[string] {
  return [
    { url: `/v1/runs/019a5344/${part}`, question: 'runs' },
    { url: `/v1/runs/019a5344/${part}?limit=2`, question, isRunKnown: true }
  ]
}

test('every route that asks the index is among those whose questions are ended', async (t) => {
  const service = await runningService(t)
  const { body } = await get(service, '/openapi.json')
  const paths = body.paths as Record<string, { get?: { tags?: string[] } }>
  const asking = Object.entries(paths).filter(([, { get: operation }]) => operation?.tags?.includes('ask'))
  const names = asking.map(([path]) => path).filter((path) => path !== '/v1/live')
  assert.deepEqual(Object.keys(routes).toSorted(), names.toSorted())
})

test('a question is ended when the client goes away before the answer', async (t) => {
  const store = patientStore()
  const { open, lines, registry } = await served(t, store)
  for (const { url, question, isRunKnown = false } of Object.values(routes).flat()) {
    store.asked.length = 0
    store.ended.length = 0
    store.isRunKnown = isRunKnown
    const socket = await open()
    socket.write(`GET ${url} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    const asked = await eventually(async () => store.asked[0])
    assert.equal(asked, question, url)
    assert.equal(store.ended.length, 0, `${url}: it is asked for as long as the client waits`)
    socket.destroy()
    await eventually(async () => lines.find((line) => line.msg === 'request left' && line.url === url))
    await eventually(async () => store.ended.length === store.asked.length || undefined)
    assert.ok(store.ended.includes(question), url)
  }
  assert.deepEqual(
    lines.filter(({ level }) => level > 30),
    [],
    'it is no error of the server'
  )
  assert.match(await registry.metrics(), /status="499"/)
  assert.doesNotMatch(await registry.metrics(), /status="500"/)
})
