import { readSchema, type Schema, schemaNames } from './schemas.ts'

interface Field {
  name: string
  type: string
  meaning: string
  source: string
  required: boolean
}

/** docs/events.md: every field of an event, from the descriptions in the schemas. */
export function eventReference(): string {
  const schemas = new Map(schemaNames.map((name) => [`${name}.schema.json`, readSchema(name)]))
  const groups = Object.entries(readSchema('event').properties ?? {}) as [string, Schema][]
  const sections = groups.map(([name, schema]) => section(name, resolve(schema, schemas, 'event'), schemas))
  const server = readSchema('server').$defs as Record<string, Schema>
  const serverFields = Object.entries(server).flatMap(([name, schema]) =>
    fieldsOf(name, { schema, file: 'server' }, schemas)
  )
  return `# Event reference

Made from the descriptions in \`schemas/\` by \`npm run generate\`. Do not edit.

An event is one JSON object. Required of every event: \`@timestamp\`, \`event.id\`, \`event.action\` and
\`event.dataset\`; of everything that Ansible does also \`run.id\` and \`event.sequence\`. Fields that are not listed
here are refused, except under \`labels\`: a typo must not pass as evidence. Types are those of JSON Schema; the
lengths are in characters.

${sections.join('\n')}
## Added by the server

${readSchema('server').description}

${table(serverFields)}`
}

interface Located {
  schema: Schema
  file: string
}

function section(name: string, located: Located, schemas: Map<string, Schema>): string {
  const fields = fieldsOf(name, located, schemas)
  return `## \`${name}\`\n\n${located.schema.description}\n\n${table(fields)}`
}

function table(fields: Field[]): string {
  const rows = fields.map(
    (field) =>
      `| \`${field.name}\`${field.required ? ' *' : ''} | ${field.type} | ${field.meaning} | ${field.source} |`
  )
  return [
    '| field (* required in its group) | type | meaning | source |',
    '| --- | --- | --- | --- |',
    ...rows,
    ''
  ].join('\n')
}

/** The leaves below `name`; a list of objects shows its members as `name[].member`. */
function fieldsOf(name: string, located: Located, schemas: Map<string, Schema>, required = false): Field[] {
  const { schema, file } = resolve(located.schema, schemas, located.file)
  const members = schema.type === 'array' ? resolve(schema.items as Schema, schemas, file) : { schema, file }
  if (members.schema.properties === undefined) {
    return [
      {
        name,
        type: typeText(schema, schemas, file),
        meaning: cell(schema.description),
        source: cell(schema['x-source']),
        required
      }
    ]
  }
  const path = schema.type === 'array' ? `${name}[]` : name
  return Object.entries(members.schema.properties).flatMap(([member, child]) =>
    fieldsOf(
      `${path}.${member}`,
      { schema: child as Schema, file: members.file },
      schemas,
      Array.isArray(members.schema.required) && members.schema.required.includes(member)
    )
  )
}

/** Follows `$ref`; a description beside the reference goes before the one behind it. */
function resolve(schema: Schema, schemas: Map<string, Schema>, file: string): Located {
  if (schema.$ref === undefined) return { schema, file }
  const [target = '', path = ''] = schema.$ref.split('#/$defs/')
  const targetFile = target === '' ? file : target.replace('.schema.json', '')
  const definition = schemas.get(`${targetFile}.schema.json`)?.$defs?.[path] as Schema | undefined
  if (definition === undefined) throw new Error(`${file}.schema.json: ${schema.$ref} leads nowhere`)
  const { $ref: _followed, ...beside } = schema
  return resolve({ ...definition, ...beside }, schemas, targetFile)
}

function typeText(schema: Schema, schemas: Map<string, Schema>, file: string): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(' ')
  if (schema.anyOf !== undefined)
    return schema.anyOf.map((one) => typeText(one as Schema, schemas, file)).join(' or ')
  if (schema.type === 'array') {
    const items = typeText(resolve(schema.items as Schema, schemas, file).schema, schemas, file)
    return `list of ${items}${schema.maxItems === undefined ? '' : `, ≤ ${schema.maxItems}`}`
  }
  const length = schema.maxLength === undefined ? '' : `, ≤ ${schema.maxLength}`
  const format = schema.format === undefined ? '' : ` (${schema.format})`
  return `${schema.type ?? 'any'}${format}${length}`
}

function cell(text: string | undefined): string {
  return (text ?? '').replaceAll('|', '\\|')
}
