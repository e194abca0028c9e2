import { nearest } from './nearest.ts'
import { invalid, type Parameter } from './parameters.ts'

// `fields=run.id,user` chooses what of each item of a list is answered. What can be chosen is what the schema of the
// item describes, so that a field that is answered can be chosen, whether or not a query can ask for it.

/** The parts of a schema that say which fields there are. */
export interface ItemSchema {
  properties?: Record<string, ItemSchema>
  items?: unknown
  additionalProperties?: unknown
  [keyword: string]: unknown
}

export interface Choice {
  /** Fields and groups of fields as they were asked for. */
  names: readonly string[]
  tree: Tree
}

/** What is chosen, by name; undefined stands for all that is below. */
type Tree = Map<string, Tree | undefined>

/** Parameter `fields` of a list whose items have this schema. */
export function fieldsParameter(item: ItemSchema): Parameter<Choice> {
  const known = namesIn(item)
  return {
    schema: {
      type: 'string',
      description:
        'What of each item is answered: names of fields with commas between them; a group such as `user` stands for all fields below it. Everything if it is absent.',
      examples: [known.slice(0, 2).join(',')],
      minLength: 1
    },
    read(given, name) {
      const names = given.split(',').map((each) => each.trim())
      for (const each of names) {
        if (!isIn(item, each.split('.')))
          throw invalid(name, 'fields of this list with commas between them', each, hint(each, known))
      }
      return choiceOf(names)
    }
  }
}

export function choiceOf(names: readonly string[]): Choice {
  const tree: Tree = new Map()
  for (const name of names) choose(tree, name.split('.'))
  return { names, tree }
}

/** The document with nothing but what was chosen. Objects with nothing of it are left out, but not within lists. */
export function chosenOf(document: object, { tree }: Choice): object {
  return Object(partOf(document, tree) ?? {})
}

/** The value of a field, whose name is split at its dots; where a list of objects is on the way, the list of its values. */
export function fieldValue(document: unknown, path: readonly string[]): unknown {
  return valueAt(document, path, 0)
}

/**
 * The fields that names of fields and of groups stand for, in the schema's order. A list is one field, and so is an
 * object whose members can have any name.
 */
export function leavesOf(names: readonly string[], item: ItemSchema): string[] {
  const leaves = names.flatMap((name) => {
    const schema = schemaAt(item, name.split('.'))
    return schema === undefined ? [name] : leavesBelow(schema, name)
  })
  return [...new Set(leaves)]
}

function choose(tree: Tree, [name = '', ...rest]: readonly string[]): void {
  // Something above it is chosen already, with all that is below.
  if (tree.has(name) && tree.get(name) === undefined) return
  if (rest.length === 0) {
    tree.set(name, undefined)
    return
  }
  const below: Tree = tree.get(name) ?? new Map()
  tree.set(name, below)
  choose(below, rest)
}

function partOf(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value)) return value.map((each) => partOf(each, tree) ?? {})
  if (typeof value !== 'object' || value === null) return undefined
  const chosen: Record<string, unknown> = {}
  let isEmpty = true
  for (const [name, below] of tree) {
    if (!Object.hasOwn(value, name)) continue
    const inner = (value as Record<string, unknown>)[name]
    const part = below === undefined ? inner : partOf(inner, below)
    if (part === undefined) continue
    // An assignment to `__proto__`, which may be the name of a label, would make no member.
    Object.defineProperty(chosen, name, { value: part, enumerable: true, configurable: true, writable: true })
    isEmpty = false
  }
  return isEmpty ? undefined : chosen
}

function valueAt(value: unknown, path: readonly string[], depth: number): unknown {
  const name = path[depth]
  if (name === undefined) return value
  if (Array.isArray(value)) return value.map((each) => valueAt(each, path, depth)).filter(isThere)
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return valueAt((value as Record<string, unknown>)[name], path, depth + 1)
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null
}

function isIn(schema: ItemSchema, [name = '', ...rest]: readonly string[]): boolean {
  if (name === '') return false
  const inner = memberOf(schema, name)
  if (inner === undefined) return hasAnyName(schema)
  return rest.length === 0 || isIn(inner, rest)
}

function schemaAt(schema: ItemSchema, path: readonly string[]): ItemSchema | undefined {
  let at: ItemSchema | undefined = schema
  for (const name of path) at = at && memberOf(at, name)
  return at
}

function leavesBelow(schema: ItemSchema, name: string): string[] {
  const members = Object.entries(schema.properties ?? {})
  if (members.length === 0) return [name]
  return members.flatMap(([inner, of]) => leavesBelow(of, `${name}.${inner}`))
}

/** All names of fields and groups. */
function namesIn(schema: ItemSchema, above = ''): string[] {
  return Object.entries(membersOf(schema)).flatMap(([name, inner]) => [
    `${above}${name}`,
    ...namesIn(inner, `${above}${name}.`)
  ])
}

/** The members of an object, or of the objects in a list. */
function membersOf({ properties, items }: ItemSchema): Record<string, ItemSchema> {
  if (properties !== undefined) return properties
  return typeof items === 'object' && items !== null ? membersOf(items as ItemSchema) : {}
}

function memberOf(schema: ItemSchema, name: string): ItemSchema | undefined {
  const members = membersOf(schema)
  return Object.hasOwn(members, name) ? members[name] : undefined
}

function hasAnyName({ additionalProperties }: ItemSchema): boolean {
  return (
    additionalProperties === true ||
    (typeof additionalProperties === 'object' && additionalProperties !== null)
  )
}

function hint(given: string, known: readonly string[]): string {
  const word = given.toLowerCase()
  const close = nearest(given, known) ?? known.find((name) => name.toLowerCase().endsWith(`.${word}`))
  if (close !== undefined) return ` Did you mean "${close}"?`
  const groups = known.filter((name) => !name.includes('.'))
  return ` There is ${groups.join(', ')}.`
}
