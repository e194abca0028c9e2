/**
 * `npm run elasticsearch`: a real Elasticsearch to try the service with, for those who have none: the node that
 * the tests use. Not for production: it has no security, and not all modules of a distribution.
 *
 *   npm run elasticsearch -- [--port 9200] [--nodes 1] [--data-dir FOLDER]
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type ElasticsearchNode,
  startCluster,
  startNode,
  whyNoNode
} from '../test/elasticsearch-node/launch.ts'

const NODES_MAX = 9

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '9200' },
    nodes: { type: 'string', default: '1' },
    'data-dir': { type: 'string' }
  }
})
const nodeCount = integer('nodes', values.nodes, 1, NODES_MAX)
const port = integer('port', values.port, 1, 65_535 - NODES_MAX)
const dataDir = values['data-dir'] === undefined ? undefined : resolve(values['data-dir'])
const reason = whyNoNode()
if (reason !== undefined) fail(reason)

console.log('Starting Elasticsearch (the first time it is fetched from Maven Central) …')
const nodes = await start().catch((error: Error) =>
  fail(error.cause instanceof Error ? `${error.message}\n${error.cause.message}` : error.message)
)
// Before that, a signal ends us at once, and the nodes with us.
const asked = Promise.race(
  ['SIGINT', 'SIGTERM'].map((signal) => new Promise((done) => process.once(signal, done)))
)
const urls = nodes.map(({ url }) => url)
console.log(`
Elasticsearch is ready: ${urls.join(', ')}
Its data ${dataDir === undefined ? 'is thrown away at the end; --data-dir FOLDER keeps it' : `is kept in ${dataDir}`}.

  PLAYTRAIL_STORE=${urls[0]} npm start      starts the service on it
  curl '${urls[0]}/_cat/indices?v'          shows what is in it

Ctrl-C stops it.`)
await asked
await Promise.all(nodes.map((node) => node.stop()))
console.log(`Stopped${dataDir === undefined ? '; its data is gone' : ''}.`)

async function start(): Promise<ElasticsearchNode[]> {
  if (nodeCount === 1) return [await startNode(options(0))]
  return await startCluster(nodeCount, options)
}

function options(index: number): { port: number; dataDir?: string } {
  if (dataDir === undefined) return { port: port + index }
  const folder = nodeCount === 1 ? dataDir : join(dataDir, `node-${index + 1}`)
  mkdirSync(folder, { recursive: true })
  return { port: port + index, dataDir: folder }
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  return fail(`--${name} must be an integer from ${min} to ${max}, got "${text}"`)
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
