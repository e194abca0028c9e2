import { join } from 'node:path'
import { openSqliteStore } from '../../server/index/sqlite/store.ts'
import { JOURNAL_ID } from '../index/fixtures.ts'
import { temporaryFolder } from '../support/folder.ts'
import { testTrailsContract } from './trails-contract.ts'

testTrailsContract(async (t) => {
  const path = join(temporaryFolder(t), 'index.sqlite')
  const log = { warn: () => undefined }
  const store = await openSqliteStore({ path, journalId: JOURNAL_ID, journalEnd: 0, log })
  t.after(() => store.close())
  return store
})
