import type { SwaggerOptions } from '@fastify/swagger'
import type { FastifySchema } from 'fastify'
import { problem } from './ask/documents.ts'
import { version } from './version.ts'

const TOKEN_ONCE_THERE_ARE_SOME = [{ token: [] }, {}]
const OPEN_ROUTES = new Set(['/healthz', '/readyz'])

/** What /openapi.json says beside the routes, whose schemas stand with them. */
export const openApi: SwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Playtrail',
      version,
      description:
        'The audit trail of operations work. Every error is application/problem+json (RFC 9457) with a `code`; docs/api.md lists them.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' }
    },
    tags: [
      { name: 'receive', description: 'The one way in.' },
      { name: 'ask', description: 'What was recorded.' },
      {
        name: 'prove',
        description: 'The transparency log, for whoever does not want to believe the service.'
      },
      { name: 'operate', description: 'How the service itself is.' }
    ],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: TOKEN_ONCE_THERE_ARE_SOME
  },
  transform: ({ schema, url }) => ({ url, schema: withAccess(withFailures(schema ?? {}), url) })
}

/** What every route can answer, and every question to the index. What a route says itself wins. */
function withFailures(schema: FastifySchema): FastifySchema {
  const ofAsking = { 503: problem('`index_unavailable`, `overloaded`, `query_timeout`') }
  const failures = {
    ...(schema.tags?.includes('ask') && ofAsking),
    408: problem('`request_timeout`'),
    431: problem('`head_too_large`'),
    500: problem('`internal`')
  }
  return { ...schema, response: { ...failures, ...Object(schema.response) } }
}

/** What every route but the open ones can answer for want of a token. */
function withAccess(schema: FastifySchema, url: string): FastifySchema {
  if (OPEN_ROUTES.has(url)) return { ...schema, security: [] }
  const refused = {
    401: problem('`token_missing`, `token_unknown`'),
    403: problem('`role_forbidden`')
  }
  return {
    ...schema,
    security: TOKEN_ONCE_THERE_ARE_SOME,
    response: { ...Object(schema.response), ...refused }
  }
}
