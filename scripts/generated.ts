import { compile } from 'json-schema-to-typescript'
import { recordsDashboard } from '../grafana/records.ts'
import { serviceDashboard } from '../grafana/service.ts'
import { clientTypes } from './client-types.ts'
import { eventReference } from './event-reference.ts'
import { readOpenApi } from './openapi.ts'
import { readSchema, type Schema } from './schemas.ts'

/** All files that are made from others: path from the repository's root → content. */
export async function generated(): Promise<Record<string, string>> {
  return {
    'server/event-types.ts': await eventTypes(),
    'client/types.ts': await clientTypes(await readOpenApi()),
    'docs/events.md': eventReference(),
    'grafana/dashboards/records.json': asJson(recordsDashboard()),
    'grafana/dashboards/service.json': asJson(serviceDashboard())
  }
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

async function eventTypes(): Promise<string> {
  const schema = withoutConditions(readSchema('event'))
  return await compile(schema, 'Event', {
    cwd: new URL('../schemas/', import.meta.url).pathname,
    bannerComment: '// Made from schemas/event.schema.json by `npm run generate`. Do not edit.',
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    style: { semi: false, singleQuote: true, printWidth: 110 }
  })
}

// What depends on the action cannot be said in these types; the validator checks it.
function withoutConditions(schema: Schema): Schema {
  const { allOf: _conditions, ...rest } = schema
  return rest
}
