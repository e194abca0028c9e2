import { after } from 'node:test'
import { type ElasticsearchNode, startNode, whyNoNode } from '../elasticsearch-node/launch.ts'

let own: Promise<ElasticsearchNode> | undefined

after(async () => {
  await (await own)?.stop()
})

/** The reason to skip a test with that asks for Elasticsearch; undefined if it can be had. */
export function whyNoElasticsearch(): string | undefined {
  return sharedUrl() === undefined ? whyNoNode() : undefined
}

/**
 * An Elasticsearch that the tests of all files share: what they make in it, each names for itself. It is the one
 * of ELASTICSEARCH_URL, which `npm test` starts for the whole stage; a file that is run alone starts a node of
 * its own, ended after its last test.
 */
export async function sharedNode(): Promise<{ url: string }> {
  const url = sharedUrl()
  if (url !== undefined) return { url }
  own ??= startNode()
  return { url: (await own).url }
}

function sharedUrl(): string | undefined {
  return process.env.ELASTICSEARCH_URL?.replace(/\/$/, '') || undefined
}
