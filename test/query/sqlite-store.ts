import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openSqliteStore } from '../../server/index/sqlite/store.ts'
import type { Store } from '../../server/index/store.ts'
import { JOURNAL_ID } from '../index/fixtures.ts'

/** An empty one, gone when the test is over. */
export async function sqliteStore(t: TestContext): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'playtrail-query-'))
  const store = await openSqliteStore({
    path: join(folder, 'index.sqlite'),
    journalId: JOURNAL_ID,
    journalEnd: 100_000_000,
    log: { warn: () => undefined }
  })
  t.after(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  return store
}
