import type { EventPart } from './store.ts'

/** Makes the part of events that the fields are, as Elasticsearch's source filtering does. */
export function partOf(fields: readonly string[]): (event: object) => EventPart {
  const tree: Tree = new Map()
  for (const field of fields) add(tree, field.split('.'))
  // What is picked out of an event is a part of it.
  return (event) => pick(event, tree) as EventPart
}

/** What is picked, by name; an empty tree stands for all that is below. */
type Tree = Map<string, Tree>

function add(tree: Tree, [step = '', ...rest]: readonly string[]): void {
  const known = tree.get(step)
  // A group takes in what is named of it alone.
  if (known?.size === 0) return
  const below: Tree = known ?? new Map()
  tree.set(step, rest.length === 0 ? new Map() : below)
  if (rest.length > 0) add(below, rest)
}

function pick(value: unknown, tree: Tree): unknown {
  if (tree.size === 0 || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => pick(item, tree))
  const picked: Record<string, unknown> = {}
  for (const [name, below] of tree) {
    const member = (value as Record<string, unknown>)[name]
    if (member !== undefined) picked[name] = pick(member, below)
  }
  return picked
}
