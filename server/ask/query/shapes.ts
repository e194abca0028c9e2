import ansible from '../../../schemas/ansible.schema.json' with { type: 'json' }
import ecs from '../../../schemas/ecs.schema.json' with { type: 'json' }
import event from '../../../schemas/event.schema.json' with { type: 'json' }
import run from '../../../schemas/run.schema.json' with { type: 'json' }

interface Schema {
  $ref?: string
  properties?: Readonly<Record<string, Schema>>
  items?: Schema
}

const files: Readonly<Record<string, { $defs: object }>> = {
  'ansible.schema.json': ansible,
  'ecs.schema.json': ecs,
  'run.schema.json': run
}

/** Names of the fields, and of the groups of fields, that are lists in an event, as the schemas say. */
export const lists: ReadonlySet<string> = new Set(listsOf(event, '', { $defs: {} }))

function listsOf(schema: Schema, name: string, file: { $defs: object }): string[] {
  const [shape, itsFile] = resolved(schema, file)
  const own = shape.items === undefined ? [] : [name, ...listsOf(shape.items, name, itsFile)]
  const inner = Object.entries(shape.properties ?? {}).flatMap(([key, property]) =>
    listsOf(property, name === '' ? key : `${name}.${key}`, itsFile)
  )
  return [...own, ...inner]
}

/** What a reference means, and the file that it lies in. */
function resolved(schema: Schema, file: { $defs: object }): [Schema, { $defs: object }] {
  if (schema.$ref === undefined) return [schema, file]
  const [fileName = '', name = ''] = schema.$ref.split('#/$defs/')
  const target = fileName === '' ? file : files[fileName]
  const found: unknown = target === undefined ? undefined : new Map(Object.entries(target.$defs)).get(name)
  if (target === undefined || found === undefined) throw new Error(`schemas: there is no ${schema.$ref}`)
  return [found as Schema, target]
}
