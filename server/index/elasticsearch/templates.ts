import { aliasesOf, type IndexNames, namesOf } from './names.ts'
import eventFields from './templates/event-fields.json' with { type: 'json' }
import resultFields from './templates/result-fields.json' with { type: 'json' }
import runFields from './templates/run-fields.json' with { type: 'json' }
import settings from './templates/settings.json' with { type: 'json' }
import stateFields from './templates/state-fields.json' with { type: 'json' }

/** Version of the templates; what servers find in the index when they start. Raise it with each change of them. */
export const SETUP_VERSION = 4

/** Above Elastic's own templates for `logs-*-*`, which have 100 (docs.elastic.co, "Index templates"). */
const PRIORITY = 500

export interface Template {
  kind: 'component' | 'index'
  name: string
  body: {
    template: { mappings?: object; settings?: object; aliases?: object; lifecycle?: object }
    composed_of?: string[]
    [member: string]: unknown
  }
}

export interface TemplateOptions {
  namespace: string
  /** How long Elasticsearch keeps events, such as `400d`; absent: for ever. */
  retention?: string | undefined
}

const FIELDS = {
  'playtrail-event-fields': eventFields,
  'playtrail-run-fields': runFields,
  'playtrail-result-fields': resultFields,
  'playtrail-state-fields': stateFields,
  'playtrail-settings': settings
}

/** Every template, in the order in which they have to be put. */
export function templatesOf({ namespace, retention }: TemplateOptions): Template[] {
  const components = Object.entries(FIELDS).map(([name, body]) => component(name, body))
  const lifecycle = retention === undefined ? {} : { lifecycle: { data_retention: retention } }
  const first = namesOf(1, namespace)
  const aliases = aliasesOf(namespace)
  const kinds: [keyof IndexNames, fields: string[], more: Record<string, unknown>, template: object][] = [
    ['events', ['playtrail-event-fields'], { data_stream: {} }, lifecycle],
    ['runs', ['playtrail-event-fields', 'playtrail-run-fields'], {}, {}],
    ['results', ['playtrail-result-fields'], {}, {}]
  ]
  const indices = kinds.flatMap(([kind, fields, more, template]) => [
    // The first generation is read from the moment it is there. One that is made anew gets the alias when it
    // is whole: see generation.ts.
    index(`playtrail-${kind}-${namespace}`, first[kind], fields, more, {
      ...template,
      aliases: { [aliases[kind]]: {} }
    }),
    index(`playtrail-${kind}-${namespace}-rebuilt`, `${first[kind]}.*`, fields, more, template)
  ])
  return [
    ...components,
    ...indices,
    index('playtrail-state', 'playtrail-state', ['playtrail-state-fields'], {}, {})
  ]
}

function component(name: string, body: Pick<Template['body'], 'template'>): Template {
  return { kind: 'component', name, body: { ...body, _meta: meta() } }
}

function index(
  name: string,
  pattern: string,
  fields: string[],
  more: Record<string, unknown>,
  template: object
): Template {
  const composed = { composed_of: ['playtrail-settings', ...fields], priority: PRIORITY, template }
  return { kind: 'index', name, body: { index_patterns: [pattern], ...more, ...composed, _meta: meta() } }
}

function meta(): Record<string, unknown> {
  return { description: 'Made by playtrail setup elasticsearch.', version: SETUP_VERSION }
}
