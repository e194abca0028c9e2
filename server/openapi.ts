import type { SwaggerOptions } from '@fastify/swagger'
import { version } from './version.ts'

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
      { name: 'operate', description: 'How the service itself is.' }
    ],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{ token: [] }, {}]
  }
}
