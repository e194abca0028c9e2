import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureArchive } from './archive.ts'
import { ensureBuilt } from './build.ts'
import { type Jvm, startJvm } from './jvm.ts'
import { requirements } from './requirements.ts'

const HEAP_MIB = 512
const HEALTH_WAIT_SECONDS_MAX = 60

export interface NodeOptions {
  name?: string
  /** Kept at the end. Without it, the data lies in a temporary folder that goes when the node does. */
  dataDir?: string
  /** Of HTTP; a free one by default. */
  port?: number
  /** Settings of Elasticsearch, as in its elasticsearch.yml, written flat. */
  settings?: Readonly<Record<string, string>>
  heapMiB?: number
  /** Options of the JVM besides ours. */
  jvmFlags?: readonly string[]
}

/** A real node of Elasticsearch, in a process of its own. It ends when this process does, however it ends. */
export interface ElasticsearchNode {
  name: string
  /** The same after a restart. */
  url: string
  /** Where other nodes find it, `host:port`. */
  transport: string
  readonly pid: number
  dataDir: string
  /** What it warned of since it was started. */
  output(): string
  /** Sends a signal. Resolves when the node ended, if it is SIGKILL (as without one) or SIGTERM. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Ends the node, if it still runs, and removes its data unless a folder was named. */
  stop(): Promise<void>
  /** Starts it again with the same data on the same ports, ended in good order before if it still runs. */
  restart(): Promise<void>
}

/** The reason why this machine can have no node, to skip tests with; undefined if it can. */
export function whyNoNode(): string | undefined {
  const found = requirements()
  return typeof found === 'string' ? found : undefined
}

/** Starts a node alone, and waits until its health is yellow or better. */
export async function startNode(options: NodeOptions = {}): Promise<ElasticsearchNode> {
  return await launch(options, '0', { 'discovery.type': 'single-node' })
}

/** Starts nodes that form one cluster, `node-1` to `node-<count>`; `options` are told per node. */
export async function startCluster(
  count: number,
  options: (index: number) => Omit<NodeOptions, 'name'> = () => ({})
): Promise<ElasticsearchNode[]> {
  // Nodes find each other by addresses that all of them are told before any is there.
  const transportPorts = await freePorts(count)
  const names = transportPorts.map((_, index) => `node-${index + 1}`)
  const discovery = {
    'cluster.initial_master_nodes': names.join(','),
    'discovery.seed_hosts': transportPorts.map((port) => `127.0.0.1:${port}`).join(',')
  }
  const started = await Promise.allSettled(
    names.map((name, index) => launch({ ...options(index), name }, transportPorts[index] ?? '0', discovery))
  )
  const nodes = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  try {
    const failed = started.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    await waitForHealth(nodes[0]?.url ?? '', `wait_for_nodes=${count}&wait_for_status=green`)
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()))
    throw error
  }
  return nodes
}

async function launch(
  options: NodeOptions,
  transportPort: string,
  discovery: Readonly<Record<string, string>>
): Promise<ElasticsearchNode> {
  const needed = requirements()
  if (typeof needed === 'string') throw new Error(needed)
  const build = await ensureBuilt(needed)
  if (options.jvmFlags === undefined) await ensureArchive(build, (flags) => startNode({ jvmFlags: flags }))

  const name = options.name ?? 'node-1'
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'playtrail-elasticsearch-'))
  const isTemporary = options.dataDir === undefined
  const start = async (http: string, transport: string): Promise<Jvm> => {
    const flags = [
      ...(options.jvmFlags ?? [`-XX:SharedArchiveFile=${build.archive}`, '-Xshare:auto', '-Xlog:cds=off']),
      `-Dplaytrail.throwAway=${isTemporary}`
    ]
    return await startJvm(
      { jdk: needed.jdk, build, heapMiB: options.heapMiB ?? HEAP_MIB, flags },
      { ...baseSettings(name, dataDir, http, transport), ...discovery, ...options.settings }
    )
  }
  const removeData = (): void => {
    if (isTemporary) rmSync(dataDir, { recursive: true, force: true })
  }

  let jvm: Jvm
  try {
    jvm = await start(String(options.port ?? 0), transportPort)
  } catch (error) {
    removeData()
    throw error
  }
  const url = `http://${jvm.http}`
  const node: ElasticsearchNode = {
    name,
    url,
    transport: jvm.transport,
    get pid() {
      return jvm.pid
    },
    dataDir,
    output: () => jvm.output(),
    kill: (signal = 'SIGKILL') => jvm.kill(signal),
    stop: async () => {
      await jvm.end()
      removeData()
    },
    restart: async () => {
      await jvm.kill('SIGTERM')
      jvm = await start(portOf(jvm.http), portOf(jvm.transport))
      await waitForHealth(url, 'wait_for_status=yellow')
    }
  }
  try {
    await waitForHealth(url, 'wait_for_status=yellow')
  } catch (error) {
    await node.stop()
    throw error
  }
  return node
}

function baseSettings(
  name: string,
  dataDir: string,
  httpPort: string,
  transportPort: string
): Record<string, string> {
  return {
    'cluster.name': 'playtrail-test',
    'node.name': name,
    'network.host': '127.0.0.1',
    'http.port': httpPort,
    'transport.port': transportPort,
    'path.home': dataDir,
    // A developer's disk is often nine tenths full, which is where Elasticsearch by default stops to allot shards.
    'cluster.routing.allocation.disk.watermark.low': '1gb',
    'cluster.routing.allocation.disk.watermark.high': '500mb',
    'cluster.routing.allocation.disk.watermark.flood_stage': '250mb'
  }
}

async function waitForHealth(url: string, condition: string): Promise<void> {
  const response = await fetch(`${url}/_cluster/health?${condition}&timeout=${HEALTH_WAIT_SECONDS_MAX}s`)
  const body = await response.text()
  if (!response.ok)
    throw new Error(`Elasticsearch at ${url} is not ready after ${HEALTH_WAIT_SECONDS_MAX} s: ${body}`)
}

/** Ports that were free a moment ago: held all at once, so that no two are the same, then let go. */
async function freePorts(count: number): Promise<string[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => String((server.address() as AddressInfo).port))
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(':') + 1)
}
