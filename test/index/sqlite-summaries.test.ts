import { sqliteStore } from '../query/sqlite-store.ts'
import { testSummariesContract } from './summaries-contract/contract.ts'
import { testSummariesProperties } from './summaries-properties.ts'

testSummariesContract(sqliteStore)
testSummariesProperties(sqliteStore)
