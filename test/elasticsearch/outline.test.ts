import { test } from 'node:test'
import { testOutlineContract } from '../index/outline-contract.ts'
import { whyNoElasticsearch } from '../support/elasticsearch.ts'
import { openStore } from './stores.ts'

const reason = whyNoElasticsearch()

if (reason === undefined) testOutlineContract((t) => openStore(t))
else test('a run is put together in Elasticsearch', { skip: reason })
