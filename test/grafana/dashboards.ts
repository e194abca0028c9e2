import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Dashboard, ElasticsearchTarget, PrometheusTarget, Target } from '../../grafana/panels.ts'

const root = new URL('../../', import.meta.url)
export const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

/** The dashboards as Grafana gets them. */
export const dashboards: Dashboard[] = ['records', 'service'].map((name) =>
  JSON.parse(read(`grafana/dashboards/${name}.json`))
)

export interface ProvisionedSource {
  uid: string
  type: string
  url: string
  jsonData: { index?: string; timeField?: string; httpHeaderName1?: string }
}

export const provisionedSources: ProvisionedSource[] = parse(
  read('grafana/provisioning/datasources/playtrail.yaml')
).datasources

export function isElasticsearch(target: Target): target is ElasticsearchTarget {
  return target.datasource.type === 'elasticsearch'
}

export function isPrometheus(target: Target): target is PrometheusTarget {
  return target.datasource.type === 'prometheus'
}

/** The types of all fields that can be searched, by dotted path; a sub-field too, as in `run.name.text`. */
export function mappedFields(...templates: string[]): Map<string, string> {
  const fields = new Map<string, string>()
  const add = (prefix: string, properties: Record<string, Mapping>): void => {
    for (const [name, { type, properties: inner, fields: subFields }] of Object.entries(properties)) {
      if (type !== undefined) fields.set(`${prefix}${name}`, type)
      add(`${prefix}${name}.`, { ...inner, ...subFields })
    }
  }
  for (const template of templates) {
    add(
      '',
      JSON.parse(read(`server/index/elasticsearch/templates/${template}.json`)).template.mappings.properties
    )
  }
  return fields
}

interface Mapping {
  type?: string
  properties?: Record<string, Mapping>
  fields?: Record<string, Mapping>
}
