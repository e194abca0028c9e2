import { test } from 'node:test'
import { testConformance } from '../query/conformance.ts'
import { testExamples } from '../query/examples.ts'
import { whyNoElasticsearch } from '../support/elasticsearch.ts'
import { openStore } from './stores.ts'

const reason = whyNoElasticsearch()

if (reason === undefined) {
  testConformance((t) => openStore(t))
  testExamples((t) => openStore(t))
} else test('a query means the same in Elasticsearch', { skip: reason })
