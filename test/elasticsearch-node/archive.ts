import { existsSync, renameSync, writeFileSync } from 'node:fs'
import type { Build } from './build.ts'

/** Starts a node in a JVM with these options. */
type Start = (jvmFlags: readonly string[]) => Promise<{ url: string; stop(): Promise<void> }>

/**
 * Makes the archive of the classes that a node loads until it answers, by starting one. It is written beside its
 * place and renamed, and one that cannot be made is left empty, which a JVM ignores: it only saves time.
 */
export async function ensureArchive(build: Build, start: Start): Promise<void> {
  if (existsSync(build.archive)) return
  const partial = `${build.archive}.${process.pid}`
  const node = await start([`-XX:ArchiveClassesAtExit=${partial}`, '-Xlog:cds=off'])
  await exercise(node.url)
  await node.stop()
  if (!existsSync(partial)) writeFileSync(partial, '')
  renameSync(partial, build.archive)
}

/** What most tests ask of a node, so that its classes are in the archive. */
async function exercise(url: string): Promise<void> {
  const ask = (method: string, path: string, body: string): Promise<Response> =>
    fetch(`${url}${path}`, { method, body, headers: { 'content-type': 'application/x-ndjson' } })
  const template = { index_patterns: ['logs-warm-*'], data_stream: {}, priority: 500 }
  await ask('PUT', '/_index_template/warm?pretty', JSON.stringify(template))
  const lines = [{ create: { _id: '1' } }, { '@timestamp': '2026-01-01T00:00:00Z', message: 'warm' }]
  const bulk = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  await ask('POST', '/logs-warm-default/_bulk?refresh=wait_for', bulk)
  const query = { query: { query_string: { query: 'warm' } }, aggs: { n: { value_count: { field: '_id' } } } }
  await ask('POST', '/logs-warm-default/_search', JSON.stringify(query))
}
