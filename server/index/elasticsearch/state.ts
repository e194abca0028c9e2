import type { Client } from '@elastic/elasticsearch'
import { documentIn } from './documents-by-id.ts'
import { aliasesOf, STATE_INDEX } from './names.ts'

/** What servers remember of a namespace: which generation is in use, and which version of setup it has. */
export interface NamespaceState {
  /** The generation that is read, and that servers write to. */
  generation: number
  /** A generation that is being made beside it, if any. */
  building: number | undefined
  /** Version of the templates, 0 if there are none. */
  setup: number
}

/** How far a journal has come in a generation. */
export interface CursorState {
  log: string
  /** Everything of the journal before this record is in the index. */
  cursor: number
  /** The index that the data stream wrote to when the first event behind the cursor may have been sent. */
  write_index: string
  /** When that was. */
  saved: string
  /** Set by `reindex` when it has copied all of the journal into a generation that is not in use yet. */
  is_whole?: boolean
}

export async function readState(
  client: Client,
  namespace: string,
  signal?: AbortSignal
): Promise<NamespaceState> {
  const found = await read<{ [Name in keyof NamespaceState]?: NamespaceState[Name] | null }>(
    client,
    `namespace:${namespace}`,
    signal
  )
  return {
    // Where the state was deleted, the alias still knows.
    generation: found?.generation ?? (await generationRead(client, namespace)),
    building: found?.building ?? undefined,
    setup: found?.setup ?? 0
  }
}

/** Changes these members, and leaves the others to whoever else changes them. `null` takes one away. */
export async function saveState(
  client: Client,
  namespace: string,
  change: { [Name in keyof NamespaceState]?: NamespaceState[Name] | null }
): Promise<void> {
  await client.update({
    index: STATE_INDEX,
    id: `namespace:${namespace}`,
    doc: { namespace: change },
    doc_as_upsert: true,
    retry_on_conflict: 3
  })
}

/** The generation that people read, by its alias; 1 if there is none yet. */
async function generationRead(client: Client, namespace: string): Promise<number> {
  const { runs } = aliasesOf(namespace)
  const { aliases } = await client.indices.resolveIndex({ name: `${runs}*` })
  const { indices = [] } = aliases.find(({ name }) => name === runs) ?? {}
  const numbers = [indices].flat().map((index) => Number(/\.(\d+)$/.exec(index)?.[1] ?? 1))
  return Math.max(1, ...numbers)
}

export async function readCursor(
  client: Client,
  namespace: string,
  generation: number,
  log: string
): Promise<CursorState | undefined> {
  return read<CursorState>(client, cursorId(namespace, generation, log))
}

export async function saveCursor(
  client: Client,
  namespace: string,
  generation: number,
  state: CursorState,
  signal?: AbortSignal
): Promise<void> {
  const id = cursorId(namespace, generation, state.log)
  await client.index({ index: STATE_INDEX, id, document: { cursor: state } }, signal && { signal })
}

/** Notes that a journal is in a generation as a whole. */
export async function markWhole(
  client: Client,
  namespace: string,
  generation: number,
  log: string
): Promise<void> {
  const state = await readCursor(client, namespace, generation, log)
  if (state !== undefined) await saveCursor(client, namespace, generation, { ...state, is_whole: true })
}

/** The cursors of all journals that have written to a generation; what was saved in the last second may lack. */
export async function readCursors(
  client: Client,
  namespace: string,
  generation: number,
  logs: readonly string[]
): Promise<CursorState[]> {
  const states = await Promise.all(logs.map((log) => readCursor(client, namespace, generation, log)))
  return states.filter((state) => state !== undefined)
}

function cursorId(namespace: string, generation: number, log: string): string {
  return `cursor:${namespace}:${generation}:${log}`
}

async function read<State>(client: Client, id: string, signal?: AbortSignal): Promise<State | undefined> {
  const { docs } = await client.mget<Record<string, State>>(
    { index: STATE_INDEX, ids: [id] },
    signal && { signal }
  )
  const [item] = docs
  const doc = item && documentIn(item)
  return Object.values(doc?._source ?? {})[0]
}
