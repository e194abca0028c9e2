import { AnswerError } from './errors.ts'
import { liveOf } from './live.ts'
import { type ListOptions, type Page, pagesOf, type QueryValues } from './pages.ts'
import type { StreamOptions } from './reconnect.ts'
import { ask, askedOf, bytesOf, parseObject, type Server } from './request.ts'
import { textOf } from './stream.ts'
import type { Routes } from './types.ts'

export type Route = keyof Routes
export type PathOf<Of extends Route> = Routes[Of]['path']
/** What may be asked of a route. */
export type Query<Of extends Route> = Routes[Of]['query']
export type Answer<Of extends Route> = Routes[Of]['answer']
interface AnyPage {
  items: unknown[]
  next: string | null
}
/** Routes that answer in pages. */
export type ListRoute = { [Of in Route]: Answer<Of> extends AnyPage ? Of : never }[Route]
/** What their pages are made of. */
export type Item<Of extends Route> = Answer<Of> extends { items: (infer Each)[] } ? Each : never
/** A list's query without what the pages are turned with, and what makes its items other than their type. */
export type Filters<Of extends ListRoute> = Omit<Query<Of>, 'limit' | 'cursor' | 'fields'>
/** Lists of which fields can be chosen. */
export type FieldsRoute = { [Of in ListRoute]: Query<Of> extends { fields?: string } ? Of : never }[ListRoute]
/** Lists that are also streamed whole. */
export type TextRoute = { [Of in ListRoute]: Routes[Of] extends { stream: string } ? Of : never }[ListRoute]
/** What is left of an item of which fields were chosen. */
export type Part<Whole> = Whole extends readonly (infer Each)[]
  ? Part<Each>[]
  : Whole extends object
    ? { [Name in keyof Whole]?: Part<Whole[Name]> }
    : Whole
/** Forms in which a list can be streamed. */
export type ListForm = 'text/csv' | 'application/x-ndjson'

export interface AskOptions {
  signal?: AbortSignal | undefined
}

/**
 * Playtrail's HTTP API: a method for each route of /openapi.json, with its types. Lists are pages to iterate over
 * (`for await`). Everything rejects with ProblemError, UnreachableError or AnswerError.
 */
export type Client = ReturnType<typeof createClient>

export function createClient(server: Server) {
  /** Any list, page by page, in its order. */
  const pages = <Of extends ListRoute>(
    route: Of,
    path: PathOf<Of>,
    filters: Filters<Of>,
    options: ListOptions
  ): AsyncGenerator<Page<Item<Of>, Answer<Of>>, void, undefined> =>
    pagesOf<Item<Of>, Answer<Of>>(server, pathOf(route, path), filters as QueryValues, options)

  const one = async <Of extends Route>(
    route: Of,
    path: PathOf<Of>,
    query: Query<Of>,
    { signal }: AskOptions
  ): Promise<Answer<Of>> => {
    const asking = { method: 'GET', path: pathOf(route, path), query: query as QueryValues, signal }
    return read<Of>(await ask(server, { ...asking, accept: 'application/json' }))
  }

  const read = <Of extends Route>({ text }: { text: string }): Answer<Of> => {
    const answer = parseObject(text)
    if (answer === undefined) throw new AnswerError(askedOf(server), 'it is no JSON')
    return answer as Answer<Of>
  }

  const plain = async <Of extends Route>(
    route: Of,
    path: PathOf<Of>,
    { signal }: AskOptions
  ): Promise<string> =>
    (await ask(server, { method: 'GET', path: pathOf(route, path), accept: 'text/plain', signal })).text

  return {
    pages,
    /** The same, of each item only these fields or groups of fields. */
    fields: <Of extends FieldsRoute>(
      route: Of,
      path: PathOf<Of>,
      fields: readonly string[],
      filters: Filters<Of>,
      options: ListOptions = {}
    ): AsyncGenerator<Page<Part<Item<Of>>>, void, undefined> => {
      const query = { ...(filters as QueryValues), fields: fields.join(',') }
      return pagesOf(server, pathOf(route, path), query, options)
    },
    /** Any list as text, of any length, in the pieces in which it arrives. */
    text: <Of extends TextRoute>(
      route: Of,
      path: PathOf<Of>,
      filters: Filters<Of>,
      form: ListForm,
      { itemsMax, signal }: ListOptions = {}
    ): AsyncGenerator<string, void, undefined> => {
      const limit = Number.isFinite(itemsMax) ? itemsMax : undefined
      const query = { ...(filters as QueryValues), limit }
      return textOf(server, { method: 'GET', path: pathOf(route, path), query, accept: form, signal })
    },

    /** Sends events, one JSON object a line. What is counted as accepted or duplicate is on disk. */
    send: async (ndjson: string, { signal }: AskOptions = {}): Promise<Answer<'POST /v1/events'>> => {
      const headers = { 'content-type': 'application/x-ndjson' }
      const asking = { method: 'POST', path: 'v1/events', body: ndjson, headers, signal }
      return read<'POST /v1/events'>(await ask(server, { ...asking, accept: 'application/json' }))
    },
    events: (filters: Filters<'GET /v1/events'> = {}, options: ListOptions = {}) =>
      pages('GET /v1/events', {}, filters, options),
    runs: (filters: Filters<'GET /v1/runs'> = {}, options: ListOptions = {}) =>
      pages('GET /v1/runs', {}, filters, options),
    run: (id: string, options: AskOptions = {}) => one('GET /v1/runs/{id}', { id }, {}, options),
    results: (id: string, filters: Filters<'GET /v1/runs/{id}/results'> = {}, options: ListOptions = {}) =>
      pages('GET /v1/runs/{id}/results', { id }, filters, options),
    plays: (id: string, filters: Filters<'GET /v1/runs/{id}/plays'> = {}, options: ListOptions = {}) =>
      pages('GET /v1/runs/{id}/plays', { id }, filters, options),
    tasksOfRun: (id: string, filters: Filters<'GET /v1/runs/{id}/tasks'> = {}, options: ListOptions = {}) =>
      pages('GET /v1/runs/{id}/tasks', { id }, filters, options),
    hostsOfRun: (id: string, filters: Filters<'GET /v1/runs/{id}/hosts'> = {}, options: ListOptions = {}) =>
      pages('GET /v1/runs/{id}/hosts', { id }, filters, options),
    /** Its pages say which tasks their rows are of. */
    matrix: (id: string, filters: Filters<'GET /v1/runs/{id}/matrix'> = {}, options: ListOptions = {}) =>
      pages('GET /v1/runs/{id}/matrix', { id }, filters, options),
    compare: (query: Query<'GET /v1/compare'>, options: AskOptions = {}) =>
      one('GET /v1/compare', {}, query, options),
    drift: (filters: Filters<'GET /v1/drift'> = {}, options: ListOptions = {}) =>
      pages('GET /v1/drift', {}, filters, options),

    hosts: (filters: Filters<'GET /v1/hosts'> = {}, options: ListOptions = {}) =>
      pages('GET /v1/hosts', {}, filters, options),
    host: (name: string, query: Query<'GET /v1/hosts/{name}'> = {}, options: AskOptions = {}) =>
      one('GET /v1/hosts/{name}', { name }, query, options),
    hostRuns: (name: string, filters: Filters<'GET /v1/hosts/{name}/runs'> = {}, options: ListOptions = {}) =>
      pages('GET /v1/hosts/{name}/runs', { name }, filters, options),
    playbooks: (filters: Filters<'GET /v1/playbooks'> = {}, options: ListOptions = {}) =>
      pages('GET /v1/playbooks', {}, filters, options),
    users: (filters: Filters<'GET /v1/users'> = {}, options: ListOptions = {}) =>
      pages('GET /v1/users', {}, filters, options),
    tasks: (filters: Filters<'GET /v1/tasks'> = {}, options: ListOptions = {}) =>
      pages('GET /v1/tasks', {}, filters, options),
    /** By its `ansible.task.key`. */
    task: (key: string, query: Query<'GET /v1/tasks/{key}'> = {}, options: AskOptions = {}) =>
      one('GET /v1/tasks/{key}', { key }, query, options),
    facets: (query: Query<'GET /v1/facets'> = {}, options: AskOptions = {}) =>
      one('GET /v1/facets', {}, query, options),
    histogram: (query: Query<'GET /v1/histogram'> = {}, options: AskOptions = {}) =>
      one('GET /v1/histogram', {}, query, options),
    /** What happens, as it happens, for as long as `signal` is not aborted. */
    live: (query: Pick<Query<'GET /v1/live'>, 'q' | 'runs'> = {}, options: StreamOptions = {}) =>
      liveOf(server, query as QueryValues, options),

    health: (options: AskOptions = {}) => one('GET /healthz', {}, {}, options),
    ready: (options: AskOptions = {}) => one('GET /readyz', {}, {}, options),
    /** In the text format of Prometheus. */
    metrics: (options: AskOptions = {}) => plain('GET /metrics', {}, options),

    /** The transparency log, as https://c2sp.org/tlog-tiles has it: its newest checkpoint, a signed note. */
    checkpoint: (options: AskOptions = {}) => plain('GET /v1/log/checkpoint', {}, options),
    /** Its verifier keys, one a line. */
    logKeys: (options: AskOptions = {}) => plain('GET /v1/log/log.vkey', {}, options),
    /** The newest checkpoint that the witness cosigned whose public key has this id. */
    witnessed: (key: string, options: AskOptions = {}) =>
      plain('GET /v1/log/witnessed/{key}', { key }, options),
    /** A tile or an entry bundle, such as `0/000` or `entries/000.p/12`. */
    tile: async (tile: string, { signal }: AskOptions = {}): Promise<Uint8Array> => {
      const path = pathOf('GET /v1/log/tile/{*}', { '*': tile })
      return bytesOf(server, { method: 'GET', path, accept: 'application/octet-stream', signal })
    },
    /** Whether the list of a time is complete, and what is wrong. */
    completeness: (query: Query<'GET /v1/completeness'> = {}, options: AskOptions = {}) =>
      one('GET /v1/completeness', {}, query, options),
    /** That an event is in the log: https://c2sp.org/tlog-proof. */
    proof: (eventId: string, options: AskOptions = {}) =>
      plain('GET /v1/log/proof/{event_id}', { event_id: eventId }, options)
  }
}

/** `GET /v1/runs/{id}` with the id in its place, without the slash in front. `{*}` may be several folders. */
function pathOf(route: Route, values: Readonly<Record<string, string>>): string {
  const path = route.slice(route.indexOf('/') + 1)
  return path.replace(/\{(\w+|\*)\}/g, (_, name: string) => {
    const given = values[name] ?? ''
    return name === '*' ? given.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(given)
  })
}
