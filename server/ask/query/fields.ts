import eventFields from '../../index/elasticsearch/templates/event-fields.json' with { type: 'json' }
import { nearest } from '../nearest.ts'
import { QueryMistake } from './mistake.ts'

export type Kind = 'keyword' | 'text' | 'number' | 'date' | 'ip' | 'boolean' | 'labels'

/** A field as a query may name it. */
export interface Field {
  name: string
  kind: Kind
  /** Where its values lie in a document. Of `ansible.task.name.text` they are those of `ansible.task.name`. */
  path: readonly string[]
  /** Of keywords and labels: longer values, counted in UTF-16 units, are not found; Elasticsearch leaves them out. */
  charactersMax: number
}

/** How a task ended on a host, or else how a run stood: of the two fields the first one that an event has. */
export const STATUS = 'status'
export const STATUS_FIELDS = ['ansible.result.status', 'run.status'] as const
export const LABELS = 'labels'

/**
 * Short names for what people ask for most. `task` and `play` mean the words of the name; the whole name is
 * `ansible.task.name`.
 */
export const shortNames: Readonly<Record<string, string>> = {
  action: 'event.action',
  branch: 'vcs.branch',
  commit: 'vcs.commit',
  controller: 'observer.hostname',
  duration: 'event.duration',
  group: 'host.groups',
  handler: 'ansible.handler.name.text',
  host: 'host.name',
  ip: 'source.ip',
  module: 'ansible.task.action',
  play: 'ansible.play.name.text',
  playbook: 'run.name',
  rc: 'ansible.result.rc',
  role: 'ansible.task.role',
  run: 'run.id',
  tag: 'ansible.task.tags',
  task: 'ansible.task.name.text',
  user: 'user.name'
}

/** Fields of the documents that cannot be asked for, and why. */
const closedFields: Readonly<Record<string, string>> = {
  'conflict.hash': 'it is in no index; ask for conflict.event_id',
  'conflict.kept_hash': 'it is in no index; ask for conflict.event_id',
  'event.hash': 'it is made from the evidence when an event is shown, and is in no index',
  'playtrail.duration_range': 'it is event.duration in another form; ask for event.duration',
  'playtrail.time': 'it is @timestamp in another form; ask for @timestamp'
}

/** Fields that are named where none is like the one that was asked for. */
const SIBLINGS_MAX = 5

interface Mapping {
  type?: string
  ignore_above?: number
  properties?: Readonly<Record<string, Mapping>>
  fields?: Readonly<Record<string, Mapping>>
}

const kinds: Readonly<Record<string, Kind>> = {
  keyword: 'keyword',
  text: 'text',
  long: 'number',
  date: 'date',
  ip: 'ip',
  boolean: 'boolean',
  flattened: 'labels'
}

const known: ReadonlyMap<string, Field> = new Map(
  [
    ...fieldsOf([], eventFields.template.mappings.properties),
    { name: STATUS, kind: 'keyword' as const, path: [], charactersMax: Number.POSITIVE_INFINITY }
  ]
    .filter(({ name }) => !Object.hasOwn(closedFields, name))
    .map((field) => [field.name, field])
)

/** Every field with words; what is searched where no field is named. */
export const textFields: readonly Field[] = [...known.values()].filter(({ kind }) => kind === 'text')

export const fieldNames: readonly string[] = [...known.keys()]

/** The field of this name, which may be one of the short names. Throws QueryMistake if there is none. */
export function fieldNamed(given: string): Field {
  const name = fullName(given)
  const field = known.get(name) ?? labelNamed(name)
  if (field !== undefined) return field
  const reason = Object.hasOwn(closedFields, name) ? closedFields[name] : undefined
  if (reason !== undefined) throw new QueryMistake(`"${given}" cannot be asked for: ${reason}.`)
  const [inGroup] = fieldsWithin(name)
  if (inGroup !== undefined) {
    throw new QueryMistake(
      `"${given}" is a group of fields; name one of them, such as "${inGroup}", or ask whether there is any with _exists_:${given}.`
    )
  }
  throw new QueryMistake(`There is no field "${given}".${hint(given)}`)
}

/** A known field by its full name. Throws if there is none: it was looked up when the query was read. */
export function field(name: string): Field {
  const found = known.get(name) ?? labelNamed(name)
  if (found === undefined) throw new Error(`query: there is no field ${name}`)
  return found
}

/** The name of a field or of a group of fields, to ask whether it is there. Throws QueryMistake if there is none. */
export function existingName(given: string): string {
  const name = fullName(given)
  return groupFields(name).length > 0 ? name : fieldNamed(given).name
}

/**
 * The fields of a group such as `ansible.diff`. Of two with the same values the one that also holds those that are
 * too long for the other.
 */
export function groupFields(name: string): Field[] {
  if (known.has(name)) return []
  const inGroup = [...known.values()]
    .filter((one) => one.name.startsWith(`${name}.`))
    .sort((one, other) =>
      one.charactersMax === other.charactersMax ? 0 : other.charactersMax - one.charactersMax
    )
  return inGroup.filter(({ path }, at) => inGroup.findIndex((one) => samePath(one.path, path)) === at)
}

function fullName(given: string): string {
  return Object.hasOwn(shortNames, given) ? (shortNames[given] ?? given) : given
}

function labelNamed(name: string): Field | undefined {
  const [, label = ''] = /^labels\.([A-Za-z0-9_-]{1,64})$/.exec(name) ?? []
  const labels = known.get(LABELS)
  return label === '' || labels === undefined ? undefined : { ...labels, name, path: [LABELS, label] }
}

function fieldsWithin(group: string): string[] {
  return fieldNames.filter((name) => name.startsWith(`${group}.`))
}

function hint(given: string): string {
  const names = [...fieldNames, ...Object.keys(shortNames)]
  const close = nearest(given, names) ?? names.find((name) => name.endsWith(`.${given.toLowerCase()}`))
  const quoted = 'If it is no field, put it in quotation marks.'
  if (close !== undefined) return ` Did you mean "${close}"? ${quoted}`
  const siblings = fieldsWithin(given.replace(/\.[^.]*$/, '')).slice(0, SIBLINGS_MAX)
  return siblings.length === 0 ? ` ${quoted}` : ` There is ${siblings.join(', ')}. ${quoted}`
}

function fieldsOf(path: readonly string[], properties: Readonly<Record<string, Mapping>>): Field[] {
  return Object.entries(properties).flatMap(([name, mapping]) => {
    const inner = [...path, name]
    const own = mapping.type === undefined ? [] : [fieldOf(inner.join('.'), inner, mapping)]
    const others = Object.entries(mapping.fields ?? {}).map(([suffix, other]) =>
      fieldOf(`${inner.join('.')}.${suffix}`, inner, other)
    )
    return [...own, ...others, ...fieldsOf(inner, mapping.properties ?? {})]
  })
}

function fieldOf(name: string, path: readonly string[], mapping: Mapping): Field {
  const kind = kinds[mapping.type ?? '']
  if (kind === undefined) throw new Error(`query: ${name} has a type that is not known, ${mapping.type}`)
  return { name, kind, path, charactersMax: mapping.ignore_above ?? Number.POSITIVE_INFINITY }
}

function samePath(one: readonly string[], other: readonly string[]): boolean {
  return one.join('.') === other.join('.')
}
