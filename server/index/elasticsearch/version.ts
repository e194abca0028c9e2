import { type Client, errors } from '@elastic/elasticsearch'
import { Fatal } from '../../errors.ts'
import { statusOf } from './failures.ts'

/** The client of this major version speaks to servers of this one. */
const SUPPORTED_MAJOR = 9

/** Throws Fatal if the server is not an Elasticsearch 9. */
export async function checkVersion(client: Client): Promise<void> {
  for (const version of await versionsOf(client)) {
    if (Number(version.split('.')[0]) === SUPPORTED_MAJOR) continue
    throw new Fatal(
      `this is Elasticsearch ${version}; Playtrail supports ${SUPPORTED_MAJOR}.x. Upgrade Elasticsearch, or use the embedded store (--store sqlite).`
    )
  }
}

async function versionsOf(client: Client): Promise<string[]> {
  try {
    // `GET /` would do, but this route is there too where the key may ask for nothing else.
    const { nodes } = await client.nodes.info({
      node_id: '_local',
      metric: '_none',
      filter_path: 'nodes.*.version'
    })
    return Object.values(nodes ?? {}).map(({ version }) => version)
  } catch (error) {
    if (error instanceof errors.ProductNotSupportedError) {
      throw new Fatal(
        `what answers there is not Elasticsearch. Playtrail supports Elasticsearch ${SUPPORTED_MAJOR}.x; OpenSearch and older forks lack what it needs.`,
        { cause: error }
      )
    }
    // A key without `monitor` may not ask, and Serverless has no nodes to ask about: it is always the newest.
    const status = statusOf(error)
    if (status === 400 || status === 403 || status === 410) return []
    throw error
  }
}
