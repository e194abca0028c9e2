import { after, test } from 'node:test'
import { testCompletenessOfService } from '../completeness/service-contract.ts'
import { testTrailsContract } from '../completeness/trails-contract.ts'
import { type ElasticsearchNode, startNode, whyNoNode } from '../elasticsearch-node/launch.ts'
import { whyNoElasticsearch } from '../support/elasticsearch.ts'
import { openStore } from './stores.ts'

const reason = whyNoElasticsearch()
const noNode = whyNoNode()
const nodes: ElasticsearchNode[] = []

after(async () => {
  await Promise.all(nodes.map((node) => node.stop()))
})

if (reason === undefined) testTrailsContract((t) => openStore(t))
else test('what is missing of a run is told by Elasticsearch', { skip: reason })

// Nodes of its own: the service works on the namespace that users have.
if (noNode === undefined)
  testCompletenessOfService(async () => {
    const node = await startNode()
    nodes.push(node)
    return node.url
  })
else test('a service on Elasticsearch tells what is missing', { skip: noNode })
