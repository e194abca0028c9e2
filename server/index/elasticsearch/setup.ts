import { type Client, errors } from '@elastic/elasticsearch'
import { Fatal } from '../../errors.ts'
import { reasonOf, statusOf } from './failures.ts'
import { isThere, makeIndices } from './generation.ts'
import { aliasesOf, namesOf } from './names.ts'
import { type NamespaceState, readState, saveState } from './state.ts'
import { SETUP_VERSION, type Template, type TemplateOptions, templatesOf } from './templates.ts'
import { checkVersion } from './version.ts'

export interface SetupOptions extends TemplateOptions {
  /** Leaves the index in use as it is, since a new one is to take its place: it may be what is wrong. */
  isForNewIndex?: boolean
}

/** One thing that setup made, or found as it should be. */
export interface SetupStep {
  name: string
  did:
    | 'created'
    | 'upgraded'
    | 'put again'
    | 'mapping extended'
    | 'retention set'
    | 'retention kept as it was'
}

/**
 * Makes the templates, or brings them up to date: idempotent. What is there already learns the new fields too.
 * Throws Fatal, with what to do, if the server is not supported, was set up by a newer Playtrail, or the key
 * lacks a right.
 */
export async function setUp(client: Client, options: SetupOptions): Promise<SetupStep[]> {
  const { namespace } = options
  const steps: SetupStep[] = []
  try {
    await checkVersion(client)
    const state = await readState(client, namespace)
    if (state.setup > SETUP_VERSION) throw newer(state)
    const retention = options.retention ?? (await retentionOf(client, namespace))
    const templates = templatesOf({ namespace, retention })
    for (const template of templates) steps.push(await put(client, template))
    if (!options.isForNewIndex)
      await makeIndices(client, namesOf(state.generation, namespace), aliasesOf(namespace))
    const generations = options.isForNewIndex ? [] : [state.generation, state.building ?? []].flat()
    for (const generation of generations)
      steps.push(...(await extendMappings(client, generation, namespace, templates)))
    if (options.retention !== undefined)
      steps.push(await setRetention(client, namesOf(state.generation, namespace).events, options.retention))
    await saveState(client, namespace, { setup: SETUP_VERSION })
  } catch (error) {
    throw explained(error)
  }
  return steps
}

/** What a server that was set up by a newer Playtrail has to say. */
export function newer({ setup }: NamespaceState): Fatal {
  return new Fatal(
    `the index was set up by a newer Playtrail (version ${setup} of its templates, this one knows ${SETUP_VERSION}). Start that one.`
  )
}

async function put(client: Client, { kind, name, body }: Template): Promise<SetupStep> {
  const path = `/_${kind}_template/${name}`
  const before = await versionOf(client, path, kind)
  await client.transport.request({ method: 'PUT', path, body })
  if (before === undefined) return { name, did: 'created' }
  return { name, did: before === SETUP_VERSION ? 'put again' : 'upgraded' }
}

interface Found {
  _meta?: { version?: number }
  template?: { lifecycle?: { data_retention?: string } }
}

async function versionOf(client: Client, path: string, kind: Template['kind']): Promise<number | undefined> {
  const found = await get(client, path, kind)
  return found === undefined ? undefined : (found._meta?.version ?? 0)
}

/** The retention that an earlier setup was asked for. */
export async function retentionOf(client: Client, namespace: string): Promise<string | undefined> {
  const found = await get(client, `/_index_template/playtrail-events-${namespace}`, 'index')
  return found?.template?.lifecycle?.data_retention
}

async function get(client: Client, path: string, kind: Template['kind']): Promise<Found | undefined> {
  try {
    const answer = await client.transport.request<Record<string, Record<string, Found>[]>>({
      method: 'GET',
      path
    })
    return answer[`${kind}_templates`]?.[0]?.[`${kind}_template`]
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

/** Templates are for indices that are made later; those that are there get the new fields by hand. */
async function extendMappings(
  client: Client,
  generation: number,
  namespace: string,
  templates: readonly Template[]
): Promise<SetupStep[]> {
  const steps: SetupStep[] = []
  for (const [kind, index] of Object.entries(namesOf(generation, namespace))) {
    const template = templates.find(({ name }) => name === `playtrail-${kind}-${namespace}`)
    if (!(await isThere(client, index))) continue
    for (const component of template?.body.composed_of ?? []) {
      const mappings = templates.find(({ name }) => name === component)?.body.template.mappings
      if (mappings === undefined) continue
      try {
        await client.transport.request({ method: 'PUT', path: `/${index}/_mapping`, body: mappings })
      } catch (error) {
        if (statusOf(error) === 400) throw foreign(index, error)
        throw error
      }
    }
    steps.push({ name: index, did: 'mapping extended' })
  }
  return steps
}

/** It was made without our templates, from guesses. */
function foreign(index: string, error: unknown): Fatal {
  return new Fatal(
    `${index} has fields of other types than ours (${reasonOf(error)}). Delete it: it is made again from the journals.`,
    { cause: error }
  )
}

async function setRetention(client: Client, stream: string, retention: string): Promise<SetupStep> {
  try {
    await client.indices.putDataLifecycle({ name: stream, data_retention: retention })
    return { name: stream, did: 'retention set' }
  } catch (error) {
    // A stream that is not there yet takes it from the template when it is made. Some builds of
    // Elasticsearch lack the route (400, 405).
    const status = statusOf(error)
    if (status !== 400 && status !== 404 && status !== 405) throw error
    return { name: stream, did: 'retention kept as it was' }
  }
}

function explained(error: unknown): unknown {
  if (statusOf(error) === 403 || statusOf(error) === 401) {
    return new Fatal(
      `${reasonOf(error)}. Setup needs an administrator's key once: make one as docs/elasticsearch.md says ` +
        '(server/index/elasticsearch/api-keys/setup.json), and run `playtrail setup elasticsearch` with it.',
      { cause: error }
    )
  }
  if (!(error instanceof errors.ElasticsearchClientError)) return error
  return new Fatal(`${reasonOf(error)}. Is it an Elasticsearch, and are all indices of these names ours?`, {
    cause: error
  })
}
