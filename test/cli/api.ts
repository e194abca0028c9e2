import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { IndexedEvent, Run } from '../../client/types.ts'
import { Problem, type ProblemCode, problemDocument, problems } from '../../server/errors.ts'

export interface Api {
  url: string
  /** Paths and parameters that were asked for, in order. */
  asked: URL[]
  /** The Authorization header of each request. */
  authorizations: (string | undefined)[]
}

export interface Content {
  runs?: Run[]
  events?: IndexedEvent[]
  /** Further lists by their paths. */
  lists?: Record<string, unknown[]>
  /** Further answers by their paths. */
  documents?: Record<string, unknown>
  /** What is answered to whoever accepts CSV. */
  csv?: string
  /** Acknowledged events that the answers may lack. */
  lag?: number
  /** Instead of the content: what every request is answered with. */
  answer?: (request: IncomingMessage, response: ServerResponse) => void
}

/** A real server that answers in the API's form, for as long as the test runs. It filters nothing. */
export async function startApi(t: TestContext, content: Content): Promise<Api> {
  const api: Api = { url: '', asked: [], authorizations: [] }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://api')
    api.asked.push(url)
    api.authorizations.push(request.headers.authorization)
    if (content.answer !== undefined) content.answer(request, response)
    else answerContent(url, content, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  api.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return api
}

/** An answer for `content.answer`: a problem of the API. */
export function answerProblem(code: ProblemCode, detail: string): NonNullable<Content['answer']> {
  return (_, response) => sendProblem(response, code, detail)
}

function sendProblem(response: ServerResponse, code: ProblemCode, detail: string): void {
  response.writeHead(problems[code].status, { 'content-type': 'application/problem+json' })
  response.end(JSON.stringify(problemDocument(new Problem(code, detail))))
}

function answerContent(
  url: URL,
  { runs = [], events = [], lists = {}, documents = {}, csv = '', lag = 0 }: Content,
  response: ServerResponse
): void {
  const id = /^\/v1\/runs\/(.+)$/.exec(url.pathname)?.[1]
  const found = runs.find(({ run }) => id !== undefined && run.id.startsWith(id))
  response.setHeader('content-type', 'application/json')
  response.setHeader('playtrail-index-lag', lag)
  const list = { '/v1/runs': runs, '/v1/events': events, ...lists }[url.pathname]
  if (response.req.headers.accept === 'text/csv') response.setHeader('content-type', 'text/csv').end(csv)
  else if (url.pathname in documents) response.end(JSON.stringify(documents[url.pathname]))
  else if (list !== undefined) response.end(JSON.stringify(pageOf<unknown>(list, url)))
  else if (found !== undefined) response.end(JSON.stringify(found))
  else sendProblem(response, 'run_not_found', `There is no run ${id}.`)
}

function pageOf<Item>(items: Item[], { searchParams }: URL): { items: Item[]; next: string | null } {
  const start = Number(searchParams.get('cursor') ?? 0)
  const end = start + Number(searchParams.get('limit') ?? 50)
  return { items: items.slice(start, end), next: end < items.length ? String(end) : null }
}
