import { test } from 'node:test'
import { testStoreContract } from '../index/store-contract.ts'
import { testStoreProperties } from '../index/store-properties.ts'
import { whyNoElasticsearch } from '../support/elasticsearch.ts'
import { openStore } from './stores.ts'

const reason = whyNoElasticsearch()

if (reason === undefined) {
  testStoreContract((t) => openStore(t))
  testStoreProperties((t) => openStore(t), { cases: 25 })
} else test('the store on Elasticsearch keeps its promises', { skip: reason })
