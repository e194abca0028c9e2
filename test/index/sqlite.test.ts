import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openSqliteStore } from '../../server/index/sqlite/store.ts'
import type { Store } from '../../server/index/store.ts'
import { JOURNAL_ID } from './fixtures.ts'
import { testStoreContract } from './store-contract.ts'
import { testStoreProperties } from './store-properties.ts'

testStoreContract(openEmpty)
testStoreProperties(openEmpty)

async function openEmpty(t: TestContext): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'playtrail-index-'))
  const store = await openSqliteStore({
    path: join(folder, 'index.sqlite'),
    journalId: JOURNAL_ID,
    journalEnd: 0,
    log: { warn: () => undefined }
  })
  t.after(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  return store
}
