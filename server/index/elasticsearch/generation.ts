import type { Client } from '@elastic/elasticsearch'
import { logsIn } from './journals.ts'
import { aliasesOf, type IndexNames, namesOf } from './names.ts'
import { type CursorState, readCursors, readState, saveState } from './state.ts'

const kinds = ['events', 'runs', 'results'] as const

/** A journal with events in the index in use, and how far the new one has got with it. */
export interface JournalOfIndex {
  log: string
  events: number
  /** In the generation that is being made; undefined if nobody has begun. */
  copied: CursorState | undefined
}

/** Begins a generation beside the one in use, or finds the one that was begun. Returns its number. */
export async function beginGeneration(client: Client, namespace: string): Promise<number> {
  const state = await readState(client, namespace)
  const building = state.building ?? state.generation + 1
  if (state.building === undefined) await saveState(client, namespace, { building })
  await makeIndices(client, namesOf(building, namespace))
  return building
}

/** The journals that the index in use has events of. */
export async function journalsOf(
  client: Client,
  namespace: string,
  building: number
): Promise<JournalOfIndex[]> {
  const { logs } = await logsIn(client, aliasesOf(namespace).events)
  const cursors = await readCursors(
    client,
    namespace,
    building,
    logs.map(({ key }) => key)
  )
  return logs.map(({ key, doc_count }) => ({
    log: key,
    events: doc_count,
    copied: cursors.find(({ log }) => log === key)
  }))
}

/**
 * Lets everybody read the new generation, from one moment to the next, and servers write to it as soon as they
 * notice. Returns the names of the old one, which stays until somebody deletes it; undefined if somebody else was
 * faster.
 */
export async function switchTo(
  client: Client,
  namespace: string,
  building: number
): Promise<IndexNames | undefined> {
  const state = await readState(client, namespace)
  if (state.generation >= building) return undefined
  const [before, after] = [namesOf(state.generation, namespace), namesOf(building, namespace)]
  const aliases = aliasesOf(namespace)
  await makeIndices(client, after)
  // What was copied last is searchable before anybody looks there.
  await client.indices.refresh({ index: Object.values(after) })
  const present = await Promise.all(kinds.map((kind) => isThere(client, before[kind])))
  const actions = kinds.flatMap((kind, at) => [
    ...(present[at] ? [{ remove: { index: before[kind], alias: aliases[kind], must_exist: false } }] : []),
    { add: { index: after[kind], alias: aliases[kind] } }
  ])
  await client.indices.updateAliases({ actions })
  await saveState(client, namespace, { generation: building, building: null })
  return before
}

/**
 * Makes the indices that are not there yet. The data stream is made by its first event. `aliases` are given to
 * those of the generation in use, whatever templates say.
 */
export async function makeIndices(client: Client, names: IndexNames, aliases?: IndexNames): Promise<void> {
  for (const kind of ['runs', 'results'] as const) {
    if (!(await isThere(client, names[kind]))) await makeIndex(client, names[kind])
    if (aliases !== undefined) await client.indices.putAlias({ index: names[kind], name: aliases[kind] })
  }
}

async function makeIndex(client: Client, index: string): Promise<void> {
  try {
    await client.indices.create({ index })
  } catch (error) {
    // Somebody else was faster.
    if (!String(error).includes('resource_already_exists_exception')) throw error
  }
}

export async function areThere(client: Client, names: IndexNames, signal?: AbortSignal): Promise<boolean> {
  for (const kind of kinds) if (!(await isThere(client, names[kind], signal))) return false
  return true
}

export async function isThere(client: Client, name: string, signal?: AbortSignal): Promise<boolean> {
  const { indices, data_streams } = await client.indices.resolveIndex(
    { name: `${name}*` },
    signal && { signal }
  )
  return [...indices, ...data_streams].some((found) => found.name === name)
}
