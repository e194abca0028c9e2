/** The documents of a server: data streams are those whose names begin with `logs-`. */
export interface Indices {
  /** Ids and documents of an index, or of all backing indices of a data stream, each as often as it is there. */
  documents(name: string): [id: string, source: unknown][]
  /** Lets every data stream write to a new index. */
  rollOver(): void
  answer(method: string, path: string, body: string, isSpoiled?: IsSpoiled): Answer
}

export interface Answer {
  status: number
  body: object
}

/** What the server does to a document instead of writing it: an item's status, or its failure store. */
export type IsSpoiled = (id: string, at: number, count: number) => number | 'failure store' | undefined

interface Doc {
  source: unknown
  seqNo: number
  version: number
}

interface Action {
  _index: string
  _id: string
  version?: number
  version_type?: string
  if_seq_no?: number
  if_primary_term?: number
  require_alias?: boolean
}

interface Template {
  index_patterns?: string[]
  template?: { aliases?: Record<string, unknown> }
}

type Line = [operation: 'create' | 'index', action: Action, source: unknown]

export function createIndices(): Indices {
  const indices = new Map<string, Map<string, Doc>>()
  const streams = new Map<string, string[]>()
  const aliases = new Map<string, string>()
  const templates = new Map<string, Template>()
  let seqNo = 0

  function rollOver(): void {
    for (const name of streams.keys()) addBackingIndex(name)
  }

  function addBackingIndex(stream: string): string {
    const backing = streams.get(stream) ?? []
    const name = `.ds-${stream}-2026.01.01-${String(backing.length + 1).padStart(6, '0')}`
    streams.set(stream, [...backing, name])
    indices.set(name, new Map())
    return name
  }

  function create(name: string): Answer {
    if (indices.has(name))
      return { status: 400, body: { error: { type: 'resource_already_exists_exception' } } }
    indices.set(name, new Map())
    for (const { index_patterns = [], template } of templates.values()) {
      if (!index_patterns.includes(name)) continue
      for (const alias of Object.keys(template?.aliases ?? {})) aliases.set(alias, name)
    }
    return { status: 200, body: { acknowledged: true } }
  }

  /** Where a document that is sent to `name` goes. */
  function targetOf(name: string): string {
    const aliased = aliases.get(name)
    if (aliased !== undefined) return aliased
    if (name.startsWith('logs-')) return streams.get(name)?.at(-1) ?? addBackingIndex(name)
    if (!indices.has(name)) create(name)
    return name
  }

  function write([operation, action, source]: Line): { status: number; _index: string; error?: object } {
    if (action.require_alias && !aliases.has(action._index)) {
      const error = { type: 'index_not_found_exception', reason: `no such index [${action._index}]` }
      return { status: 404, _index: action._index, error }
    }
    const index = targetOf(action._index)
    const docs = indices.get(index) ?? new Map<string, Doc>()
    const there = docs.get(action._id)
    const isConflict =
      operation === 'create'
        ? there !== undefined
        : action.version !== undefined
          ? there !== undefined && there.version >= action.version
          : action.if_seq_no !== undefined && there?.seqNo !== action.if_seq_no
    if (isConflict) {
      const error = { type: 'version_conflict_engine_exception', reason: `[${action._id}]: version conflict` }
      return { status: 409, _index: index, error }
    }
    docs.set(action._id, { source, seqNo: seqNo++, version: action.version ?? (there?.version ?? 0) + 1 })
    return { status: there === undefined ? 201 : 200, _index: index }
  }

  function bulk(body: string, isSpoiled: IsSpoiled | undefined): Answer {
    const lines = linesOf(body)
    const items = lines.map((line, at) => {
      const [operation, { _index, _id }] = line
      const spoiled = isSpoiled?.(_id, at, lines.length)
      if (spoiled === 'failure store')
        return { create: { _index: `.fs-${_index}`, status: 201, failure_store: 'used' } }
      if (spoiled !== undefined)
        return {
          [operation]: { _index, status: spoiled, error: { type: 'planned_fault', reason: 'not taken' } }
        }
      return { [operation]: write(line) }
    })
    return { status: 200, body: { items } }
  }

  function get(index: string, id: string): object {
    const docs = indices.get(aliases.get(index) ?? index)
    if (docs === undefined)
      return {
        _index: index,
        _id: id,
        error: { type: 'index_not_found_exception', reason: `no such index [${index}]` }
      }
    const doc = docs.get(id)
    if (doc === undefined) return { _index: index, _id: id, found: false }
    const { seqNo: _seq_no, version: _version, source: _source } = doc
    return { _index: index, _id: id, found: true, _version, _seq_no, _primary_term: 1, _source }
  }

  function mget(index: string | undefined, body: string): Answer {
    const { ids = [], docs = [] }: { ids?: string[]; docs?: { _index: string; _id: string }[] } =
      JSON.parse(body)
    const found = [...ids.map((id) => get(index ?? '', id)), ...docs.map((doc) => get(doc._index, doc._id))]
    return { status: 200, body: { docs: found } }
  }

  /** What is not whole lays the members of `doc` over those that are there, objects member by member. */
  function writeOne(isWhole: boolean, index: string, id: string, body: string): Answer {
    const there = indices.get(targetOf(index))?.get(id)?.source
    const given = JSON.parse(body)
    const source = isWhole ? given : merged(there, given.doc)
    const { status } = write(['index', { _index: index, _id: id }, source])
    return { status, body: { result: 'updated' } }
  }

  /** Mappings are taken for granted. */
  function change(what: string, index: string, name: string): Answer {
    if (what === '_alias') aliases.set(name, index)
    return { status: 200, body: { acknowledged: true } }
  }

  function resolve(name: string): Answer {
    const isAsked = (other: string): boolean =>
      name.endsWith('*') ? other.startsWith(name.slice(0, -1)) : other === name
    const data_streams = [...streams].flatMap(([stream, backing_indices]) =>
      isAsked(stream) ? { name: stream, backing_indices, timestamp_field: '@timestamp' } : []
    )
    const plain = [...indices.keys()].filter((index) => !index.startsWith('.ds-') && isAsked(index))
    const isMissing = data_streams.length + plain.length === 0 && !name.endsWith('*')
    return isMissing
      ? {
          status: 404,
          body: { error: { type: 'index_not_found_exception', reason: `no such index [${name}]` } }
        }
      : { status: 200, body: { indices: plain.map((index) => ({ name: index })), aliases: [], data_streams } }
  }

  function template(method: string, path: string, body: string): Answer {
    if (method === 'PUT') templates.set(path, JSON.parse(body))
    else if (!templates.has(path))
      return { status: 404, body: { error: { type: 'resource_not_found_exception' } } }
    const [, kind, name] = /^\/_(component|index)_template\/(.+)$/.exec(path) ?? []
    return {
      status: 200,
      body: { [`${kind}_templates`]: [{ name, [`${kind}_template`]: templates.get(path) }] }
    }
  }

  return {
    documents: (name) =>
      (streams.get(name) ?? [name]).flatMap((index) =>
        [...(indices.get(index) ?? [])].map(([id, { source }]): [string, unknown] => [id, source])
      ),
    rollOver,
    answer(method, path, body, isSpoiled) {
      const [, first = '', second = '', ...rest] = path.split('/')
      if (first === '_bulk') return bulk(body, isSpoiled)
      if (path.endsWith('/_mget')) return mget(second === '' ? undefined : first, body)
      if (first === '_resolve') return resolve(rest.join('/'))
      if (first === '_nodes') return { status: 200, body: { nodes: { double: { version: '9.5.3' } } } }
      if (first.endsWith('_template')) return template(method, path, body)
      if (/^_(doc|update)$/.test(second)) return writeOne(second === '_doc', first, rest.join('/'), body)
      if (second === '' && method === 'PUT') return create(first)
      if (/^_(mapping|alias)$/.test(second)) return change(second, first, rest.join('/'))
      return { status: 400, body: { error: `no handler found for uri [${path}] and method [${method}]` } }
    }
  }
}

function merged(there: unknown, over: unknown): unknown {
  if (!isObject(there) || !isObject(over)) return over
  const members = Object.entries(over).map(([name, value]) => [name, merged(there[name], value)])
  return { ...there, ...Object.fromEntries(members) }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function linesOf(body: string): Line[] {
  const lines = body.trimEnd().split('\n')
  return lines.flatMap((line, at): Line[] => {
    if (at % 2 === 1) return []
    const [operation, action] = Object.entries(JSON.parse(line))[0] as ['create' | 'index', Action]
    return [[operation, action, JSON.parse(lines[at + 1] ?? '')]]
  })
}
