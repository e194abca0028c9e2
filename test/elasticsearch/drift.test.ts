import { test } from 'node:test'
import { testDriftContract } from '../ask/drift-contract.ts'
import { whyNoElasticsearch } from '../support/elasticsearch.ts'
import { openStore } from './stores.ts'

const reason = whyNoElasticsearch()

if (reason === undefined) testDriftContract((t) => openStore(t))
else test('drift is found in Elasticsearch', { skip: reason })
