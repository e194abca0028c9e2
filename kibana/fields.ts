import { readFileSync } from 'node:fs'

interface Property {
  type?: string
  index?: boolean
  doc_values?: boolean
  enabled?: boolean
  properties?: Record<string, Property>
  fields?: Record<string, Property>
}

/** Elasticsearch's type of every field that can be searched, by its full name. */
export type Fields = ReadonlyMap<string, string>

/** The fields of events, and those of runs, which have a few more. */
export function mappedFields(): { events: Fields; runs: Fields } {
  const events = fieldsOf(readTemplate('event-fields'))
  return { events, runs: new Map([...events, ...fieldsOf(readTemplate('run-fields'))]) }
}

function readTemplate(name: string): Record<string, Property> {
  const url = new URL(`../server/index/elasticsearch/templates/${name}.json`, import.meta.url)
  const { template } = JSON.parse(readFileSync(url, 'utf8')) as {
    template: { mappings: { properties: Record<string, Property> } }
  }
  return template.mappings.properties
}

function fieldsOf(properties: Record<string, Property>, parents = ''): Map<string, string> {
  const fields = new Map<string, string>()
  for (const [name, property] of Object.entries(properties)) {
    const path = `${parents}${name}`
    const isSearchable = property.index !== false && property.enabled !== false
    if (property.type !== undefined && property.type !== 'object' && isSearchable)
      fields.set(path, property.type)
    for (const inner of [property.properties, property.fields])
      for (const [innerPath, type] of fieldsOf(inner ?? {}, `${path}.`)) fields.set(innerPath, type)
  }
  return fields
}
