import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { readConfig } from '../server/config.ts'
import { startService } from '../server/service.ts'
import type { Schema } from './schemas.ts'

/** /openapi.json, as far as types are made of it. */
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>
}

export interface Operation {
  summary: string
  description?: string
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema: Schema }[]
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>
}

/** What a service of its own, in a folder that is thrown away, answers to GET /openapi.json. */
export async function readOpenApi(): Promise<OpenApi> {
  const folder = mkdtempSync(join(tmpdir(), 'playtrail-openapi-'))
  const config = readConfig({ listen: '127.0.0.1:0', dataDir: folder, store: 'sqlite' }, {})
  const service = await startService(config, pino({ level: 'silent' }), (error) => {
    throw error
  })
  try {
    const response = await fetch(`${service.url}/openapi.json`)
    return (await response.json()) as OpenApi
  } finally {
    await service.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
